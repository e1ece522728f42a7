"""A whole centre in one file: taken while it runs, verified when it is put back."""
