"""Pages for people, made of a paid table: an institution's clearing, a pool's statement, an insurance office's cases."""
