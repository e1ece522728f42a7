"""The flows as designers see them: read-only, with what is wrong and what to do about it."""
