"""The views, one module for each subject: parse, call one function, render."""
