"""Reports and recommendations: lists, pages, decisions."""
