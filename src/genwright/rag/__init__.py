"""The main job: documents in, answers out whose every sentence is tied to a place in a source."""
