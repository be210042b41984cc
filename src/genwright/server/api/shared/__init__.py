"""What the resources of the API share: requests, streams, citations, targets."""
