"""Exercises whose answer is a layer: stories that it goes through, and their ends.

A story is a list of verbs with a batch for each, told as ``"train a, save a, load a, eval
b"``. *train* and *eval* are forward passes, *recalibrate* is train mode without
gradients, *frozen* is eval mode with them. *save* keeps a copy of the state dict, *load*
gives it to a new layer, and *change* then does with it what its owner may do.
"""

import copy
from contextlib import suppress

from bn_lib.course.probe import alike, unlike

__all__ = ["ends", "loses_state", "play", "told"]

_FLAGS = {  # verb: (training, grad_enabled)
    "train": (True, True),
    "recalibrate": (True, False),
    "frozen": (False, True),
    "eval": (False, False),
}


def play(layer_class, num_features, verbs, x, **choices):
    """Put a layer through the verbs and yield the output of every forward.

    Parameters
    ----------
    layer_class : class
        The learner's layer.
    num_features : int
        Its first argument.
    verbs : str
        What is done with it, as in "train, save, load, eval".
    x : list of ndarray
        A batch for each verb; only the forward passes use theirs.
    **choices
        Further arguments of the layer.

    Yields
    ------
    tuple
        "train 1" or "eval 2", with the number of the step, and the output.
    """
    layer = layer_class(num_features, **choices)
    for step, (verb, batch) in enumerate(zip(verbs.split(", "), x, strict=True), start=1):
        if verb in _FLAGS:
            training, grad_enabled = _FLAGS[verb]
            y = layer.forward(batch, training=training, grad_enabled=grad_enabled)
            yield f"{'train' if training else 'eval'} {step}", y
        elif verb == "save":
            state = layer.state_dict()
            if state is None or state is ...:
                raise NotImplementedError(f"state_dict() returned {state}")
            if not isinstance(state, dict):
                got = type(state).__name__
                raise TypeError(f"expected a dict from state_dict(), got {got}")
            state = copy.deepcopy(state)  # as a file would hold it
        elif verb == "load":
            layer = layer_class(num_features, **choices)
            layer.load_state_dict(state)
        else:
            _overwrite(state)


def _overwrite(state):
    """Write into a state dict and empty it."""
    for value in state.values():
        if isinstance(value, dict):
            _overwrite(value)
        else:
            with suppress(Exception):  # a number cannot be written into
                value[...] = 7
    state.clear()


def told(story, batches, **choices):
    """Return the inputs of a story for `play`.

    Parameters
    ----------
    story : str
        Verbs with the name of a batch, as in "train a, eval b".
    batches : dict
        Name to batch.
    **choices
        Further inputs.

    Returns
    -------
    dict
        Inputs for `play`, without the number of features.
    """
    steps = [step.split(" ", maxsplit=1) for step in story.split(", ")]
    verbs = ", ".join(verb for verb, _ in steps)
    return {"verbs": verbs, "x": [batches[name] for _, name in steps], **choices}


def ends(one, sign, other, batches, at=..., **choices):
    """Return a probe for two stories that end alike (``"=="``) or not (``"!="``)."""
    compare = {"==": alike, "!=": unlike}[sign]
    return compare(told(one, batches, **choices), told(other, batches, **choices), at)


def loses_state(before, after, batches):
    """Return a probe for a story that ends otherwise, or fails, with a loaded state."""

    def probe(run):
        run(**told(before, batches))
        try:
            return ends(before, "!=", after, batches)(run)
        except ValueError:
            return True

    return probe
