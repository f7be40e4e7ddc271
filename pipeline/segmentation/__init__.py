"""The segmentation room: cuts the paragraphs of a document into sentences, in 24 languages."""
