"""What detectors need of bars and no indicator gives: kernels, stepped beside the indicators."""
