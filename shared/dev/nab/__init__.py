"""The Numenta Anomaly Benchmark: its scoring, its series, and simple detectors to stand beside ours."""
