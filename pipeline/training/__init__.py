"""Gold data → model: splits, fitting, calibration, data checks, the model card."""
