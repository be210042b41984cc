"""Tuning: fitting a base to a team's work in nine recorded steps.

Example:
    >>> from genwright.tuning.config import build_tune_config
    >>> build_tune_config({"base": "smollm2-135m-instruct"}).method
    'lora'
"""
