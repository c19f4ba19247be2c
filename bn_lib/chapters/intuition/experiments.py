"""Why batch norm helps: the loss around a step, noise, and the scale of weights.

Every network is a small fully connected one on the 8×8 digits, in float64.
"""

from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from bn_lib.course.experiment import each_seed, fit, mlp
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Layer, Linear, Sequential
from bn_lib.training import SGD, _batches, cross_entropy

__all__ = [
    "CurvesConfig",
    "CurvesResult",
    "DecayConfig",
    "DecayResult",
    "LandscapeConfig",
    "LandscapeResult",
    "NetConfig",
    "Noise",
    "ScaleConfig",
    "ScaleResult",
    "build",
    "run_curves",
    "run_decay",
    "run_landscape",
    "run_scale",
]


@dataclass(frozen=True)
class NetConfig:
    """A fully connected network on the digits, 64 inputs and 10 classes.

    Attributes
    ----------
    activation : str
        ``"relu"`` or ``"sigmoid"``.
    depth, width : int
        Number of hidden layers and units in each.
    std : float or None
        Standard deviation of the weights at the start; None is He's.
    """

    activation: str = "relu"
    depth: int = 3
    width: int = 100
    std: float | None = None


class Noise(Layer):
    """Shift and scale each unit anew at every step; in evaluation mode, do nothing.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the noise.
    strength : float
        Multiplies all four widths of the noise.

    Notes
    -----
    Each step draws for each unit a shift from U(-0.5, 0.5) and a scale from
    U(1, 1.25). Each sample then gets a shift within 0.1 of its unit's, and a scale
    that is normal around its unit's with standard deviation 0.1.

    References
    ----------
    S. Santurkar et al., "How Does Batch Normalization Help Optimization?", 2018,
    section 2.1 and its appendix: noise with a mean and a variance that change at
    every step.

    Examples
    --------
    >>> noise = Noise(np.random.default_rng(0))
    >>> noise.eval()(np.ones((1, 2)))
    array([[1., 1.]])
    """

    def __init__(self, rng, strength=1.0):
        self.rng = rng
        self.strength = strength

    def forward(self, x):
        """Add the noise of one step.

        Parameters
        ----------
        x : ndarray, shape (N, C)
            The input.

        Returns
        -------
        y : ndarray, shape (N, C)
            The input, scaled and shifted.
        """
        if not self.training:
            self._cache = np.ones_like(x)
            return x
        shift = self.rng.uniform(-0.5, 0.5, x.shape[1])  # (C,)
        scale = self.rng.uniform(0.0, 0.25, x.shape[1])  # (C,)
        shift = shift + self.rng.uniform(-0.1, 0.1, x.shape)  # (N, C)
        scale = scale + self.rng.normal(0.0, 0.1, x.shape)  # (N, C)
        self._cache = 1 + self.strength * scale
        return self._cache * x + self.strength * shift

    def _backward(self, dout, cache):
        return (dout * cache,)


def build(net, seed, *, norm, noise=None):
    """Build one network; the seed alone decides its linear layers.

    Parameters
    ----------
    net : NetConfig
        Its architecture.
    seed : int
        Of the weights, and of the noise.
    norm : bool
        Put batch norm between each hidden linear layer and its activation.
    noise : float, optional
        Strength of a `Noise` behind each batch norm; there is one then.

    Returns
    -------
    Sequential

    Examples
    --------
    >>> [type(layer).__name__ for layer in build(NetConfig(depth=1), 0, norm=True).layers]
    ['Linear', 'BatchNorm', 'ReLU', 'Linear']
    """
    linear = partial(Linear, std=net.std, rng=np.random.default_rng(seed))
    noise_rng = np.random.default_rng([seed, 1])

    def noisy_norm(width):
        return Sequential(BatchNorm(width), Noise(noise_rng, noise))

    before = BatchNorm if norm else None
    return mlp(
        linear,
        depth=net.depth,
        width=net.width,
        activation=net.activation,
        norm=before if noise is None else noisy_norm,
    )


@dataclass(frozen=True)
class LandscapeConfig:
    """Loss and gradient along the gradient, at steps of a training.

    The paper looks along the gradient of a VGG network on CIFAR-10; this is a small
    fully connected network on the digits. Both networks see the same batches, train
    with the same learning rate, and are probed at steps 0, `every`, 2 · `every`, ...

    Attributes
    ----------
    net : NetConfig
        The network.
    lr : float
        Learning rate of the training.
    reach : tuple of float
        Lengths at which the loss is probed along the gradient, in units of `lr`.
    steps, every, batch_size : int
        Length of the training, distance between probes, samples in a batch.
    seeds : tuple of int
        One pair of networks each.
    """

    net: NetConfig = NetConfig()
    lr: float = 0.1
    reach: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    steps: int = 100
    every: int = 5
    batch_size: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class LandscapeResult:
    """What was met along the gradient. Axis 1 is: plain, batch norm.

    Attributes
    ----------
    loss_range : ndarray, shape (seeds, 2, probes)
        Largest minus smallest loss along the gradient, its start included.
    gradient_change : ndarray, shape (seeds, 2, probes)
        Largest l2 distance between the gradient on the way and that at the start.
    relative_change : ndarray, shape (seeds, 2, probes)
        The same, divided by the length of the gradient at the start.
    loss : ndarray, shape (seeds, 2, probes)
        Loss at the start.
    config : LandscapeConfig
        What made the numbers.
    """

    loss_range: np.ndarray
    gradient_change: np.ndarray
    relative_change: np.ndarray
    loss: np.ndarray
    config: LandscapeConfig

    def summary(self):
        """Describe a typical probe: the median over probes and seeds.

        Returns
        -------
        str
        """
        rows = (
            ("loss range", self.loss_range),
            ("gradient change", self.gradient_change),
            ("relative change", self.relative_change),
        )
        lines = [f"{'':16} {'plain':>8} {'BN':>8}"]
        for name, values in rows:
            plain, bn = np.median(values, axis=(0, 2))
            lines.append(f"{name:16} {plain:8.1f} {bn:8.1f}")
        return "\n".join(lines)


@cache
def run_landscape(config):
    """Train with and without batch norm, and look along the gradient now and then.

    Parameters
    ----------
    config : LandscapeConfig
        What to train.

    Returns
    -------
    LandscapeResult

    References
    ----------
    S. Santurkar et al., "How Does Batch Normalization Help Optimization?", 2018,
    section 3.2 and figure 4.
    """
    found = each_seed(config.seeds, partial(_probed_pair, config))
    return LandscapeResult(*found, config)


def _probed_pair(config, seed):
    """Return four parts of the probes of both trainings, each of shape (2, probes)."""
    pair = [_probed_training(config, seed, norm) for norm in (False, True)]
    return tuple(np.moveaxis(pair, 2, 0))


def _probed_training(config, seed, norm):
    """Return the probes of one training, shape (probes, 4)."""
    data = load_digits()
    model = build(config.net, seed, norm=norm)
    optimizer = SGD(model, config.lr)
    batches = _batches(len(data.x_train), config.batch_size, np.random.default_rng(seed))
    probes = []
    for step in range(config.steps):
        batch = next(batches)
        x, y = data.x_train[batch], data.y_train[batch]
        if step % config.every == 0:
            probes.append(_probe(model, x, y, config.lr * np.array(config.reach)))
        _loss_and_gradient(model, x, y)
        optimizer.step()
    return np.array(probes)


def _probe(model, x, y, lengths):
    """Walk along the gradient and come back to the start."""
    before = model.state_dict()
    losses, changes = [], []
    start_loss, start = _loss_and_gradient(model, x, y)
    for length in lengths:
        model.load_state_dict(before)
        for name, value in model.parameters().items():
            value -= length * start[name]
        loss, there = _loss_and_gradient(model, x, y)
        losses.append(loss)
        changes.append(_norm({name: there[name] - start[name] for name in start}))
    model.load_state_dict(before)
    losses.append(start_loss)
    change = max(changes)
    return np.ptp(losses), change, change / _norm(start), start_loss


def _loss_and_gradient(model, x, y):
    loss, dlogits = cross_entropy(model.forward(x), y)
    model.backward(dlogits)
    return loss, model.gradients()


def _norm(arrays):
    return np.sqrt(sum(np.sum(array**2) for array in arrays.values()))


@dataclass(frozen=True)
class CurvesConfig:
    """Test accuracy during the training of several variants of one network.

    Attributes
    ----------
    net : NetConfig
        The network.
    lr : float
        The same for all variants.
    variants : tuple of str
        Of ``"plain"``, ``"bn"`` and ``"noisy bn"``.
    noise : float
        Strength of the noise of ``"noisy bn"``, see `Noise`.
    steps, eval_every, batch_size : int
        As in `bn_lib.training.train`.
    seeds : tuple of int
        Of the weights, the order of samples and the noise.
    """

    net: NetConfig = NetConfig()
    lr: float = 0.1
    variants: tuple[str, ...] = ("plain", "bn")
    noise: float = 1.0
    steps: int = 100
    eval_every: int = 25
    batch_size: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class CurvesResult:
    """Accuracy curves of all variants and seeds.

    Attributes
    ----------
    steps : ndarray, shape (E,)
        After how many updates the accuracy was measured.
    accuracy : dict of str to ndarray, shape (seeds, E)
        Variant to its test accuracy; 0.1, that of chance, once the loss has become
        infinite.
    config : CurvesConfig
        What made the numbers.
    """

    steps: np.ndarray
    accuracy: dict[str, np.ndarray]
    config: CurvesConfig

    def mean(self, variant):
        """Average the accuracy over the training: one number for speed and height.

        Parameters
        ----------
        variant : str
            One of ``config.variants``.

        Returns
        -------
        ndarray, shape (seeds,)
        """
        return self.accuracy[variant].mean(axis=1)

    def summary(self):
        """Describe each variant: mean over training, smallest to largest seed.

        Returns
        -------
        str
        """
        means = {variant: self.mean(variant) for variant in self.accuracy}
        return "\n".join(
            f"{variant:9} {mean.min():.1f} to {mean.max():.1f}"
            for variant, mean in means.items()
        )


@cache
def run_curves(config):
    """Train every variant with every seed, on the same batches.

    Parameters
    ----------
    config : CurvesConfig
        What to train.

    Returns
    -------
    CurvesResult
    """
    curves = each_seed(config.seeds, partial(_curves, config))
    steps = np.arange(config.eval_every, config.steps + 1, config.eval_every)
    return CurvesResult(steps, dict(zip(config.variants, curves, strict=True)), config)


def _curves(config, seed):
    return tuple(_curve(config, variant, seed) for variant in config.variants)


def _curve(config, variant, seed):
    noise = config.noise if variant == "noisy bn" else None
    model = build(config.net, seed, norm=variant != "plain", noise=noise)
    rng = np.random.default_rng(seed)
    history = fit(model, config, rng, eval_every=config.eval_every)
    curve = np.full(config.steps // config.eval_every, 0.1)
    if not history.diverged:
        curve[:] = history.test_accuracy[: len(curve)]
    return curve


@dataclass(frozen=True)
class ScaleConfig:
    """What the scale of a weight does, in a network that was not yet trained.

    Attributes
    ----------
    net : NetConfig
        The network.
    shrink : float
        All hidden weights are multiplied by this first.
    factor : float
        Then one layer after the other is multiplied by this.
    batch_size : int
        Samples, the first ones of the training part.
    seeds : tuple of int
        One pair of networks each.
    """

    net: NetConfig = NetConfig()
    shrink: float = 1.0
    factor: float = 10.0
    batch_size: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class ScaleResult:
    """The numbers of each hidden layer. Axis 1 is: plain, batch norm.

    Attributes
    ----------
    cosine : ndarray, shape (seeds, 2, layers)
        w·∇w / (‖w‖ ‖∇w‖) of the weights of one unit; the largest size in the layer.
    gradient_ratio : ndarray, shape (seeds, 2, layers)
        Length of the layer's gradient before, divided by that after its weights were
        multiplied by the factor.
    output_change : ndarray, shape (seeds, 2, layers)
        Length of the change of the logits then, as a share of their length.
    config : ScaleConfig
        What made the numbers.
    """

    cosine: np.ndarray
    gradient_ratio: np.ndarray
    output_change: np.ndarray
    config: ScaleConfig

    def summary(self):
        """Describe the worst layer of all seeds, in powers of ten where it is tiny.

        Returns
        -------
        str
        """
        off = np.abs(self.gradient_ratio / self.config.factor - 1)
        rows = (
            ("|cosine|", self.cosine),
            ("ratio off", off),
            ("output", self.output_change),
        )
        lines = [f"{'':10} {'plain':>7} {'BN':>7}"]
        for name, values in rows:
            plain, bn = np.log10(values.max(axis=(0, 2)))
            lines.append(f"{name:10} {f'1e{plain:.0f}':>7} {f'1e{bn:.0f}':>7}")
        return "\n".join(lines)


@cache
def run_scale(config):
    """Measure w·∇w, then scale one layer at a time and compare.

    Parameters
    ----------
    config : ScaleConfig
        What to measure.

    Returns
    -------
    ScaleResult

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch Normalization", 2015, section 3.3.
    """
    found = each_seed(config.seeds, partial(_scale_pair, config))
    return ScaleResult(*found, config)


def _scale_pair(config, seed):
    """Return three parts of the numbers of both networks, each of shape (2, layers)."""
    pair = [_scale_layers(config, seed, norm) for norm in (False, True)]
    return tuple(np.moveaxis(pair, 2, 0))


def _scale_layers(config, seed, norm):
    """Return cosine, gradient ratio and output change of each layer, (layers, 3)."""
    data = load_digits()
    x, y = data.x_train[: config.batch_size], data.y_train[: config.batch_size]
    model = build(config.net, seed, norm=norm)
    hidden = _hidden(model)
    _scale(hidden, config.shrink)
    logits = model.forward(x)
    _loss_and_gradient(model, x, y)
    before = [layer.gradients()["weight"] for layer in hidden]
    found = []
    for layer, gradient in zip(hidden, before, strict=True):
        keep = layer.weight.copy()
        layer.weight *= config.factor
        change = np.linalg.norm(model.forward(x) - logits)
        _loss_and_gradient(model, x, y)
        after = np.linalg.norm(layer.gradients()["weight"])
        layer.weight[...] = keep
        found.append(
            (
                _largest_cosine(keep, gradient),
                np.linalg.norm(gradient) / after,
                change / np.linalg.norm(logits),
            )
        )
    return found


def _scale(layers, factor):
    for layer in layers:
        layer.weight *= factor


def _hidden(model):
    return [layer for layer in model.layers[:-1] if isinstance(layer, Linear)]


def _largest_cosine(weight, gradient):
    """Compare row by row; a unit that is off for the whole batch has no direction."""
    along = np.abs(np.sum(weight * gradient, axis=1))  # (out,)
    lengths = np.linalg.norm(weight, axis=1) * np.linalg.norm(gradient, axis=1)
    return np.max(along[lengths > 0] / lengths[lengths > 0])


@dataclass(frozen=True)
class DecayConfig:
    """Training with and without weight decay on the hidden weights.

    Papers decay the weights by far less, over many epochs of CIFAR-10. A short training
    needs a larger decay to show the same: what counts is the product of learning rate,
    decay and steps.

    Attributes
    ----------
    net : NetConfig
        The network.
    lr, decay : float
        As in `bn_lib.training.SGD`, but the last layer, gamma, beta and biases do not
        decay.
    trainings : tuple of str
        Which of the trainings of `DecayResult` to run.
    steps, batch_size : int
        Length of the training, and samples in a batch.
    seeds : tuple of int
        Of the weights and the order of samples.
    """

    net: NetConfig = NetConfig()
    lr: float = 0.1
    decay: float = 0.03
    trainings: tuple[str, ...] = (
        "plain",
        "plain, decay",
        "bn",
        "bn, decay",
        "bn, growing rate",
    )
    steps: int = 200
    batch_size: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class DecayResult:
    """What weight decay did. The keys of the dicts are the names of the trainings.

    ``"plain"`` and ``"bn"`` have no decay, ``"plain, decay"`` and ``"bn, decay"`` have
    it. ``"bn, growing rate"`` has none, but the learning rate of its hidden weights
    grows at step t, counted from 0, as lr · (1 - lr · decay)^-(2t + 1).

    Attributes
    ----------
    loss : dict of str to ndarray, shape (seeds, steps)
        Loss of each batch.
    weight_norm : dict of str to ndarray, shape (seeds, layers)
        ‖w‖ of each hidden layer at the end.
    output_size : dict of str to ndarray, shape (seeds,)
        Root mean square of the logits of the test part, after training.
    config : DecayConfig
        What made the numbers.
    shrunk_step : dict of str to ndarray, shape (seeds, layers)
        Growth of the step ‖∇w‖ / ‖w‖ of each hidden layer of the trained net, when
        all hidden weights are multiplied by what decay alone makes of them,
        (1 - lr · decay)^steps, on 200 training images as one batch.
    shrunk_output : dict of str to ndarray, shape (seeds,)
        Length of the change of the logits then, as a share of their length.
    shrunk_in_eval : dict of str to ndarray, shape (seeds,)
        The same in evaluation mode, with the running statistics of the training.
    """

    loss: dict[str, np.ndarray]
    weight_norm: dict[str, np.ndarray]
    output_size: dict[str, np.ndarray]
    config: DecayConfig
    shrunk_step: dict[str, np.ndarray] = field(default_factory=dict)
    shrunk_output: dict[str, np.ndarray] = field(default_factory=dict)
    shrunk_in_eval: dict[str, np.ndarray] = field(default_factory=dict)

    def effective_lr(self, name):
        """Compute lr / ‖w‖² at the end, the step of a weight's direction.

        Parameters
        ----------
        name : str
            A key of `weight_norm`. Without batch norm the step of the direction
            is another one.

        Returns
        -------
        ndarray, shape (seeds, layers)
        """
        return self.config.lr / self.weight_norm[name] ** 2

    def summary(self):
        """Describe each training: weights and logits at the end, mean of the seeds.

        Returns
        -------
        str
        """
        lines = [f"{'':18} {'‖w‖':>5} {'logits':>7}"]
        for name, norms in self.weight_norm.items():
            size = self.output_size[name].mean()
            lines.append(f"{name:18} {norms.mean():5.0f} {size:7.0f}")
        return "\n".join(lines)


@cache
def run_decay(config):
    """Train with and without decay, and once with a growing rate in its place.

    Parameters
    ----------
    config : DecayConfig
        What to train.

    Returns
    -------
    DecayResult

    References
    ----------
    T. van Laarhoven, "L2 Regularization versus Batch and Weight Normalization", 2017.
    Z. Li and S. Arora, "An Exponential Learning Rate Schedule for Deep Learning", 2020.
    """
    found = {
        name: each_seed(config.seeds, partial(_decayed, config, name))
        for name in config.trainings
    }
    loss, norms, sizes, *shrunk = (
        {name: run[part] for name, run in found.items()} for part in range(6)
    )
    return DecayResult(loss, norms, sizes, config, *shrunk)


def _decayed(config, name, seed):
    """Train once; return the six parts of a result."""
    data = load_digits()
    model = build(config.net, seed, norm=name.startswith("bn"))
    hidden = _hidden(model)
    optimizer = SGD(model, config.lr)
    keep = 1 - config.lr * config.decay
    batches = _batches(len(data.x_train), config.batch_size, np.random.default_rng(seed))
    losses = []
    for step in range(config.steps):
        batch = next(batches)
        loss, _ = _loss_and_gradient(model, data.x_train[batch], data.y_train[batch])
        losses.append(loss)
        for layer in hidden:
            if name.endswith("decay"):
                layer.weight *= keep
            elif name.endswith("growing rate"):
                extra = config.lr * (keep ** -(2 * step + 1) - 1)
                layer.weight -= extra * layer.gradients()["weight"]
        optimizer.step()
    norms = [np.linalg.norm(layer.weight) for layer in hidden]
    logits = model.eval().forward(data.x_test)
    shrunk = _shrunk(config, model, data.x_train[:200], data.y_train[:200])
    return losses, norms, np.sqrt(np.mean(logits**2)), *shrunk


def _shrunk(config, model, x, y):
    """Compare the step and the logits before and after the weights get smaller."""
    hidden, trained, found = _hidden(model), model.state_dict(), []
    for factor in (1.0, (1 - config.lr * config.decay) ** config.steps):
        model.load_state_dict(trained)
        _scale(hidden, factor)
        in_eval = model.eval().forward(x)
        _loss_and_gradient(model.train(), x, y)
        steps = np.array([_relative_step(layer) for layer in hidden])
        found.append((steps, model.forward(x), in_eval))
    (before, *logits), (after, *changed) = found
    pairs = zip(logits, changed, strict=True)
    return after / before, *(np.linalg.norm(b - a) / np.linalg.norm(a) for a, b in pairs)


def _relative_step(layer):
    gradient = layer.gradients()["weight"]
    return np.linalg.norm(gradient) / np.linalg.norm(layer.weight)
