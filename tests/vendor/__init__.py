"""Plain facts from the vendor's documents."""
