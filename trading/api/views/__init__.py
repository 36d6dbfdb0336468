"""One module of views for each subject of the API. A view parses, calls one function and renders."""
