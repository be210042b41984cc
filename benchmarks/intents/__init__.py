"""What a request wants: rows written for it, the training and its figures."""
