"""The tests of mipolicy; `oracles` and `strategies` serve several of them."""
