from pathlib import Path

import pytest

from pipeline.errors import DocumentError
from pipeline.ingestion.language import decide_language, detect_language, language_of_name

DUTCH = (
    "De Raad benadrukt dat de lidstaten en de Commissie nauw moeten samenwerken om de weerbaarheid "
    "van de havens en de kabels in alle zeegebieden van de Unie te vergroten."
)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("st-1-2022-init_nl.txt", "nl"),
        ("report.fr.txt", "fr"),
        ("report-DE.txt", "de"),
        ("report.txt", None),
        ("report_xx.txt", None),
    ],
)
def test_language_of_a_file_name(name, language):
    assert language_of_name(Path(name)) == language


def test_detection_needs_a_few_words():
    assert detect_language(DUTCH) == "nl"
    assert detect_language("De Raad") is None


def test_detection_alone_decides():
    assert decide_language(DUTCH, None, None, None).language == "nl"


def test_stated_language_is_kept_and_the_conflict_reported():
    finding = decide_language(DUTCH, None, "fr", None)
    assert finding.language == "fr"
    assert finding.remark.code == "LANGUAGE_CONFLICT"
    assert "its text says nl" in finding.remark.message


def test_option_goes_before_name_and_footer():
    finding = decide_language(DUTCH, "nl", "fr", "de")
    assert finding.language == "nl"
    assert "the file name says fr, the document itself says de" in finding.remark.message


def test_agreement_needs_no_remark():
    assert decide_language(DUTCH, "nl", "nl", "nl").remark is None


def test_few_words_do_not_contradict():
    assert decide_language("The Council will act on this", None, "nl", None).remark is None


def test_nothing_to_tell_by_is_an_error():
    with pytest.raises(DocumentError, match="--language"):
        decide_language("10179/22", None, None, None)
