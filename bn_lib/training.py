"""Train a classifier: loss, accuracy, SGD, and a loop that records what happened."""

import os
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np

from bn_lib._arguments import positive_int

__all__ = [
    "SGD",
    "History",
    "accuracy",
    "batches",
    "cross_entropy",
    "evaluating",
    "progress",
    "train",
]

# Set by JupyterLab and Notebook, VS Code, and Colab when they start a kernel for a
# person; nbclient, nbconvert and nbval set none of them.
_WATCHED = ("JPY_SESSION_NAME", "VSCODE_PID", "COLAB_RELEASE_TAG")


@dataclass(frozen=True, eq=False)
class History:
    """What happened during `train`.

    Attributes
    ----------
    loss : ndarray of float64, shape (S,)
        Loss of each batch, measured before the update it led to.
    steps : ndarray of int64, shape (E,)
        Number of updates made when the test accuracy was measured.
    test_accuracy : ndarray of float64, shape (E,)
        Share of the test part that is right, from 0 to 1. The last entry is that of
        the model as training left it.
    diverged : bool
        True if the loss became NaN or infinite. Training stopped there, without an
        update; the last loss is the one that is not finite.
    """

    loss: np.ndarray
    steps: np.ndarray
    test_accuracy: np.ndarray
    diverged: bool


def cross_entropy(logits, labels):
    """Mean cross-entropy of a softmax, and its gradient.

    Parameters
    ----------
    logits : ndarray of floats, shape (N, K)
        One score for each class; not yet a probability.
    labels : ndarray of ints, shape (N,)
        Right class of each row, from 0 to K - 1.

    Returns
    -------
    loss : float
        Mean over the batch, in nats.
    dlogits : ndarray, shape (N, K)
        Gradient of the loss, of the dtype of `logits`. Each row sums to zero.

    Raises
    ------
    TypeError
        If `logits` are not floats or `labels` are not integers.
    ValueError
        If the shapes do not fit, the batch is empty or a label is no class.

    Notes
    -----
    The largest logit of a row is subtracted before the exponential, which changes
    nothing in exact arithmetic and cannot overflow.

    Examples
    --------
    >>> loss, dlogits = cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> round(loss, 4)  # log(4): four classes, no idea
    1.3863
    >>> dlogits
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    _check_classification(logits, labels)
    rows = np.arange(len(labels))
    wide = logits.astype(np.result_type(logits, np.float32))  # float16 is too narrow
    with np.errstate(invalid="ignore"):  # inf - inf: the loss is NaN, and tells enough
        shifted = wide - wide.max(axis=1, keepdims=True)  # (N, K)
    exp = np.exp(shifted)
    total = exp.sum(axis=1, keepdims=True)  # (N, 1)
    loss = np.mean(np.log(total[:, 0]) - shifted[rows, labels])
    dlogits = exp / total
    dlogits[rows, labels] -= 1
    return float(loss), (dlogits / len(labels)).astype(logits.dtype)


@contextmanager
def evaluating(model):
    """Put a model into eval mode, and every part back into its own mode afterwards.

    Parameters
    ----------
    model : layer
        Any layer, `Sequential` included.

    Yields
    ------
    layer
        The same model.

    Notes
    -----
    A part may have a mode of its own, as a frozen batch norm has; ``model.train()``
    afterwards would thaw it.

    Examples
    --------
    >>> from bn_lib.layers import BatchNorm
    >>> layer = BatchNorm(3)
    >>> with evaluating(layer):
    ...     layer.training
    False
    >>> layer.training
    True
    """
    modes = [(layer, layer.training) for layer in model.modules()]
    try:
        yield model.eval()
    finally:
        for layer, mode in modes:
            layer.training = mode


def accuracy(model, x, y):
    """Share of samples whose largest logit is that of the right class, in eval mode.

    Parameters
    ----------
    model : layer
        Gives logits of shape (N, K). Its modes are restored afterwards.
    x : ndarray, shape (N, ...)
        Inputs.
    y : ndarray of ints, shape (N,)
        Right class of each sample.

    Returns
    -------
    float
        From 0 to 1. A sample with a NaN among its logits counts as wrong.

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy`.

    Examples
    --------
    >>> from bn_lib.layers import ReLU
    >>> accuracy(ReLU(), np.array([[0.1, 0.9], [0.3, 0.2]]), np.array([1, 1]))
    0.5
    """
    with evaluating(model):
        logits = model.forward(x)
    labels = np.asarray(y)
    _check_classification(logits, labels)
    right = logits.argmax(axis=1) == labels
    return float(np.mean(right & ~np.isnan(logits).any(axis=1)))


class SGD:
    """Stochastic gradient descent with torch's momentum and weight decay.

    Parameters
    ----------
    model : layer
        Its parameters are updated in place.
    lr : float
        Learning rate.
    momentum : float
        Share of the last update's direction that is kept, in [0, 1).
    weight_decay : float
        This times the parameter is added to its gradient. All parameters decay,
        gamma, beta and biases too.

    Raises
    ------
    ValueError
        If `lr`, `momentum` or `weight_decay` is out of range.

    Notes
    -----
    With g the gradient, one step is: g ← g + weight_decay · w; v ← momentum · v + g;
    w ← w − lr · v. As in torch, and not as in the usual textbook, v does not contain
    lr, so a changed `lr` acts at once on the whole update.

    This momentum has nothing to do with the momentum of batch norm's running
    statistics.

    Examples
    --------
    >>> from bn_lib.layers import Linear
    >>> layer = Linear(1, 1, bias=False)
    >>> layer.weight[...] = 2.0
    >>> dx = layer.backward(np.ones_like(layer.forward(np.array([[3.0]]))))
    >>> SGD(layer, lr=0.1).step()
    >>> layer.weight.round(6)  # 2 - 0.1 * 3
    array([[1.7]])
    """

    def __init__(self, model, lr, momentum=0.0, weight_decay=0.0):
        for name, value, end in (
            ("lr", lr, np.inf),
            ("momentum", momentum, 1.0),
            ("weight_decay", weight_decay, np.inf),
        ):
            if not 0.0 <= value < end:
                raise ValueError(f"expected {name} in [0, {end:g}), got {value}")
        self.model = model
        self.lr = float(lr)
        self.momentum = float(momentum)
        self.weight_decay = float(weight_decay)
        self._velocity = {
            name: np.zeros_like(value) for name, value in model.parameters().items()
        }

    def step(self):
        """Update every parameter with the gradients of the last backward.

        Raises
        ------
        ValueError
            If there was no backward yet; nothing is updated then.
        """
        gradients = self.model.gradients()
        for name, value in self.model.parameters().items():
            velocity = self._velocity[name]
            velocity *= self.momentum
            velocity += gradients[name] + self.weight_decay * value
            value -= self.lr * velocity


def batches(samples, batch_size, rng):
    """Draw batches of a training set, one epoch after another, without end.

    Parameters
    ----------
    samples : int
        Size of the training set.
    batch_size : int
        Samples in a batch.
    rng : numpy.random.Generator
        Source of the order.

    Returns
    -------
    iterator of ndarray of int64, shape (batch_size,)
        The rows of each batch.

    Raises
    ------
    TypeError
        If a count is not an int.
    ValueError
        If a count is not positive or a batch is larger than the set.

    Notes
    -----
    An epoch is a fresh permutation cut into batches; the samples left over go back,
    because a last batch of a sample or two would spoil the statistics of batch norm.

    Examples
    --------
    >>> endless = batches(10, 4, np.random.default_rng(0))
    >>> first, second = next(endless), next(endless)
    >>> len({*first, *second})
    8
    """
    samples = positive_int(samples, "samples")
    batch_size = positive_int(batch_size, "batch_size")
    if batch_size > samples:
        raise ValueError(
            f"expected batch_size of at most {samples}, the size of the training part, "
            f"got {batch_size}"
        )
    return _endless_batches(samples, batch_size, rng)


def _endless_batches(samples, batch_size, rng):
    while True:
        order = rng.permutation(samples)
        for start in range(0, samples - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


@contextmanager
def progress(steps, show=None):
    """Show a progress bar that erases itself at the end.

    Parameters
    ----------
    steps : int
        How many steps there will be.
    show : bool, optional
        By default the bar shows where a person watches: see `train`.

    Yields
    ------
    callable
        Moves the bar by one step, each time it is called.

    Examples
    --------
    >>> with progress(3, show=False) as advance:
    ...     for step in range(3):
    ...         advance()
    """
    if not _shows_progress(show):
        yield lambda: None
        return
    from tqdm import tqdm

    # In a notebook stderr is a red box, which would stay when the bar is gone.
    file = sys.stdout if "ipykernel" in sys.modules else sys.stderr
    with tqdm(total=steps, unit="step", leave=False, delay=0.5, file=file) as bar:
        yield bar.update


def train(
    model,
    data,
    *,
    steps,
    batch_size,
    lr,
    momentum=0.0,
    weight_decay=0.0,
    eval_every=50,
    rng=None,
    progress=None,
    on_step=None,
):
    """Train a classifier by mini-batch SGD on the cross-entropy.

    Parameters
    ----------
    model : layer
        Gives logits; updated in place. It is put into training mode, and left in it.
    data : Dataset
        Training and test part.
    steps : int
        Number of updates.
    batch_size : int
        Samples in a batch, drawn as by `batches`.
    lr, momentum, weight_decay : float
        As in `SGD`.
    eval_every : int
        Measure the test accuracy after each so many updates, and after the last one.
    rng : numpy.random.Generator, optional
        Source of the order of samples; ``np.random.default_rng(0)`` by default. The
        same rng and the same model give the same history.
    progress : bool, optional
        Show a progress bar, which erases itself at the end. By default it shows where
        a person watches: see Notes.
    on_step : callable, optional
        Called as ``on_step(step, model)`` after each update, `step` counted from 1.
        It may read the model, and set ``layer.training``.

    Returns
    -------
    History

    Raises
    ------
    TypeError
        If a count is not an int.
    ValueError
        If a number is out of range; the model is as it was.

    Notes
    -----
    By default the bar shows on a terminal, and in a kernel that JupyterLab, VS Code
    or Colab started for a person. It is silent in pipes, under pytest and nbval, and
    where nbconvert executes a notebook, so stored outputs stay the same. The
    environment variable ``BN_LIB_PROGRESS``, 0 or 1, overrides this.

    Examples
    --------
    >>> from bn_lib.data import two_moons
    >>> from bn_lib.layers import BatchNorm, Linear, ReLU, Sequential
    >>> model = Sequential(Linear(2, 16), BatchNorm(16), ReLU(), Linear(16, 2))
    >>> moons = two_moons(400, noise=0.1, rng=np.random.default_rng(0))
    >>> history = train(model, moons, steps=200, batch_size=40, lr=0.5, eval_every=100)
    >>> history.steps
    array([100, 200])
    >>> bool(history.test_accuracy[-1] > 0.95)
    True
    """
    optimizer = SGD(model, lr, momentum, weight_decay)
    x, y = data.x_train, data.y_train
    steps = positive_int(steps, "steps")
    eval_every = positive_int(eval_every, "eval_every")
    rng = np.random.default_rng(0) if rng is None else rng
    endless = batches(len(x), batch_size, rng)
    losses, evaluated, diverged = [], {}, False
    model.train()
    # History tells of a divergence; NumPy's warnings would say it once for each layer.
    with np.errstate(all="ignore"), closing(_counted(steps, progress)) as counted:
        for step in counted:
            rows = next(endless)
            loss, dlogits = cross_entropy(model.forward(x[rows]), y[rows])
            losses.append(loss)
            diverged = not np.isfinite(loss)
            if diverged:
                break
            model.backward(dlogits)
            optimizer.step()
            if on_step is not None:
                on_step(step, model)
            if step % eval_every == 0 or step == steps:
                evaluated[step] = accuracy(model, data.x_test, data.y_test)
        if diverged:
            evaluated[len(losses) - 1] = accuracy(model, data.x_test, data.y_test)
    return History(
        np.array(losses),
        np.array(list(evaluated)),
        np.array(list(evaluated.values())),
        diverged,
    )


def _counted(steps, show):
    """Yield 1 to `steps`, and move the progress bar after each."""
    with progress(steps, show) as advance:
        for step in range(1, steps + 1):
            yield step
            advance()


def _check_classification(logits, labels):
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(
            f"expected logits of shape (N, K), N and K ≥ 1, got {logits.shape}"
        )
    if not np.issubdtype(logits.dtype, np.floating):
        raise TypeError(f"expected float logits, got {logits.dtype}: use .astype(float)")
    if labels.shape != logits.shape[:1]:
        raise ValueError(
            f"expected labels of shape {logits.shape[:1]}, one class index a row, "
            f"got {labels.shape}: one-hot labels need .argmax(axis=1)"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"expected integer labels, got {labels.dtype}: use .astype(int)")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            f"expected labels from 0 to {logits.shape[1] - 1}, "
            f"got {labels.min()} to {labels.max()}"
        )


def _shows_progress(show):
    if show is not None:
        return show
    wish = os.environ.get("BN_LIB_PROGRESS")
    if wish in ("0", "1"):
        return wish == "1"
    if "PYTEST_VERSION" in os.environ:  # reaches the kernels that nbval starts, too
        return False
    if "ipykernel" in sys.modules:
        return any(name in os.environ for name in _WATCHED)
    return sys.stderr.isatty()
