"""Engines that share out tables larger than one machine: Spark, Dask, Ray Data.

Each is a few lines over the same functions of Arrow tables, so that what comes out is what one process gives.
"""
