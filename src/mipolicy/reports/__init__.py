"""Pages for people, made of a paid table: institutions' clearing, a pool's statement, an insurance office's cases."""
