"""The published name of `projections.views.spc`."""

from projections.views.spc import xmr

__all__ = ["xmr"]
