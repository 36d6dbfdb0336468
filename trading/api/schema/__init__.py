"""The API described as OpenAPI 3.1. Nothing here is loaded until somebody asks for the schema."""
