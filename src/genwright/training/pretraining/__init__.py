"""What pre-training has to itself: new architectures, texts as tokens, what is restored."""
