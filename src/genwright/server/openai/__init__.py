"""OpenAI's API as values: what requests may say, and what replies look like.

Routes import the file they need; nothing is gathered here.
"""
