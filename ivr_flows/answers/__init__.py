"""What a contact may answer: from keys or written words to a plain value, or the reason why it is none."""
