"""The measures of the package against independent calculations, on both engines."""
