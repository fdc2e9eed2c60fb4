"""What the API takes and answers, for its OpenAPI document; :mod:`.operations` says which operation does what."""
