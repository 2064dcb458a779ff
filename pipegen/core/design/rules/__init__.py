"""The rules of the decision model, one module a question: ``choose`` decides, ``problem`` says why a choice cannot work."""
