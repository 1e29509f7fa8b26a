"""The least of Cement 2.10's controllers: a Meta joined from all base classes, and the rest in subclasses.

Nothing of how Cement finds commands is imitated: what the plugin relies on is that `_dispatch` of a nested controller
is called with what is left of the arguments in app.argv, which Cement's own documentation promises.
"""
import types


class CementBaseController:
    class Meta:
        label = None
        stacked_on = "base"
        stacked_type = "embedded"

    def __init__(self):
        joined = {}
        for each in reversed(type(self).__mro__):
            meta = each.__dict__.get("Meta")
            if meta:
                joined.update({key: value for key, value in vars(meta).items() if not key.startswith("_")})
        self._meta = types.SimpleNamespace(**joined)
        self.app = None
