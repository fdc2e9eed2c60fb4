"""What every room speaks: types, protocols, errors, settings, filters, pictures, vectors."""
