"""The three-way merge of texts: pure, on bytes, with no git."""
