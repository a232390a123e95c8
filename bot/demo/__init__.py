"""`npsbot demo`: the main job on a made-up portfolio, through the same doors as real use."""
