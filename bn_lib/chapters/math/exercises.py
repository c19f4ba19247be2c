"""Exercises of chapter 02: what exactly batch norm computes, forward and backward."""

from functools import partial

import numpy as np

from bn_lib import functional
from bn_lib.chapters.math.running import RUNNING
from bn_lib.course.exercise import Case, Exercise, Mistake

__all__ = ["EXERCISES"]

_unbiased = partial(
    Mistake,
    "unbiased-variance",
    "Aapne variance ko N−1 se divide kiya. "
    "Normalize karte waqt batch norm N se divide karta hai.",
    "You divided the variance by N−1. Batch norm divides by N when it normalizes.",
)
_one_pass = partial(
    Mistake,
    "one-pass-variance",
    "Kya aapne E[x²] − E[x]² liya? float32 mein, jab mean 3000 ho, "
    "do bade numbers ka difference digits kho deta hai.",
    "Did you take E[x²] − E[x]²? In float32, when the mean is 3000, "
    "the difference of two large numbers loses digits.",
    only_on="float32, mean 3000",
)
_eps_forgotten = partial(
    Mistake,
    "eps-forgotten",
    "Aapka answer diye gaye eps se nahi badalta. Dekhiye ki formula mein eps kahan hai.",
    "Your answer does not change with the eps it is given. "
    "Look where eps stands in the formula.",
)
_eps_outside = partial(
    Mistake,
    "eps-outside-root",
    "Aapne eps ko square root lene ke baad joda. Formula mein dekhiye: pehle kya hota hai?",
    "You added eps after taking the square root. Look at the formula: what comes first?",
)


_missing_root = partial(
    Mistake,
    "missing-root",
    "Aapne variance se divide kiya. "
    "Sochiye: x ki unit meter ho toh variance ki unit kya hogi?",
    "You divided by the variance. "
    "Think: if x is in meters, what is the unit of its variance?",
)
_not_centered = partial(
    Mistake,
    "mean-not-subtracted",
    "Output mein se mean nahi ghata. Divide karne se pehle kya hota hai?",
    "The mean was not subtracted. What comes before the division?",
)
_parameters_forgotten = partial(
    Mistake,
    "parameters-forgotten",
    "Normalize karne ke baad scale ya shift chhoot gaya. "
    "Dekhiye ki gamma aur beta dono output mein aate hain ya nahi.",
    "After normalizing, the scale or the shift is missing. "
    "Look whether gamma and beta both reach the output.",
)


def batch_norm(x, gamma, beta, eps):
    """Return the output of batch norm in training mode."""
    return functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)[0]


def _std(var, eps):
    return np.sqrt(var + eps)


def _affine(xhat, gamma, beta):
    return gamma * xhat + beta


def _forward(*, axis=0, keepdims=True, ddof=0, center=True, divisor=_std, affine=_affine):
    """Return batch norm of (N, C) with one choice made wrong."""

    def wrong(x, gamma, beta, eps):
        mean = x.mean(axis, keepdims=keepdims)
        var = x.var(axis, ddof=ddof, keepdims=keepdims)
        return affine((x - center * mean) / divisor(var, eps), gamma, beta)

    return wrong


def _forward_one_pass(x, gamma, beta, eps):
    var = (x * x).mean(0) - x.mean(0) ** 2
    return gamma * (x - x.mean(0)) / np.sqrt(var + eps) + beta


def _batch(shape, eps, spread=2.0):
    """Return the inputs of a forward case; gamma and beta are away from 0 and 1."""

    def inputs(rng):
        x = rng.normal(1.5, spread, size=shape)
        gamma = rng.uniform(1.5, 2.5, size=shape[1])
        beta = rng.uniform(-2.0, -1.0, size=shape[1])
        return x, gamma, beta, eps

    return inputs


def _far_from_zero(shape):
    """Return a float32 case around 3000 in which a sum rounds nothing, but x² does."""

    def inputs(rng):
        x = 3000 + rng.integers(-6, 7, size=shape) / 4
        gamma = rng.uniform(1.5, 2.5, size=shape[1])
        beta = rng.uniform(-2.0, -1.0, size=shape[1])
        return *(a.astype(np.float32) for a in (x, gamma, beta)), 1e-5

    return inputs


FORWARD = Exercise(
    id="math.forward",
    reference=batch_norm,
    cases=(
        Case("x (6, 3), eps 1e-5", _batch((6, 3), 1e-5), ("y",)),
        Case("x (4, 4), eps 1e-5", _batch((4, 4), 1e-5), ("y",)),
        Case("x (5, 2), eps 0.5", _batch((5, 2), 0.5, spread=0.7), ("y",)),
        Case("float32, mean 3000", _far_from_zero((8, 4)), ("y",)),
    ),
    mistakes=(
        _unbiased(wrong=(_forward(ddof=1),)),
        _one_pass(wrong=(_forward_one_pass,)),
        _eps_forgotten(
            wrong=(_forward(divisor=lambda var, eps: np.sqrt(var)),),
        ),
        _eps_outside(
            wrong=(_forward(divisor=lambda var, eps: np.sqrt(var) + eps),),
        ),
        _missing_root(
            wrong=(
                _forward(divisor=lambda var, eps: var + eps),
                _forward(divisor=lambda var, eps: var),
            ),
        ),
        _not_centered(wrong=(_forward(center=False),)),
        Mistake(
            "layer-norm",
            "Aapne har sample ka mean uske features par liya: yeh layer norm hai. "
            "Batch norm har feature ka mean poore batch par leta hai.",
            "You took the mean of each sample over its features: that is layer norm. "
            "Batch norm takes the mean of each feature over the batch.",
            wrong=(_forward(axis=1), _forward(axis=1, keepdims=False)),
        ),
        Mistake(
            "global-statistics",
            "Aapne sab features ke liye ek hi mean liya. "
            "Batch norm mein har feature ka apna mean aur apna variance hota hai.",
            "You took one mean for all features. "
            "In batch norm each feature has a mean and a variance of its own.",
            wrong=(_forward(axis=None),),
        ),
        _parameters_forgotten(
            wrong=(
                _forward(affine=lambda xhat, gamma, beta: xhat),
                _forward(affine=lambda xhat, gamma, beta: gamma * xhat),
                _forward(affine=lambda xhat, gamma, beta: xhat + beta),
            ),
        ),
        Mistake(
            "beta-scaled",
            "beta bhi gamma se multiply ho gaya. "
            "Brackets dekhiye: pehle scale, phir shift.",
            "beta was multiplied by gamma too. "
            "Look at the brackets: scale first, then shift.",
            wrong=(_forward(affine=lambda xhat, gamma, beta: gamma * (xhat + beta)),),
        ),
        Mistake(
            "parameters-swapped",
            "gamma aur beta ne jagah badal li. Kaun scale karta hai aur kaun shift?",
            "gamma and beta have changed places. Which one scales, which one shifts?",
            wrong=(_forward(affine=lambda xhat, gamma, beta: beta * xhat + gamma),),
        ),
    ),
)


_CHANNEL = (-1, 1, 1)  # the shape of a parameter that meets (N, C, H, W) at C


def _images(
    *,
    axes=(0, 2, 3),
    keepdims=True,
    ddof=0,
    center=True,
    divisor=_std,
    affine=_affine,
    parameters=_CHANNEL,
):
    """Return batch norm of (N, C, H, W) with one choice made wrong."""

    def wrong(x, gamma, beta, eps):
        mean = x.mean(axes, keepdims=keepdims)
        var = x.var(axes, ddof=ddof, keepdims=keepdims)
        xhat = (x - center * mean) / divisor(var, eps)
        return affine(xhat, gamma.reshape(parameters), beta.reshape(parameters))

    return wrong


def _images_one_pass(x, gamma, beta, eps):
    flat = x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])
    y = _forward_one_pass(flat, gamma, beta, eps)
    n, c, h, w = x.shape
    return y.reshape(n, h, w, c).transpose(0, 3, 1, 2)


IMAGES = Exercise(
    id="math.images",
    reference=batch_norm,
    cases=(
        Case("x (2, 3, 4, 5), eps 0.5", _batch((2, 3, 4, 5), 0.5), ("y",)),
        # Only here does a (C,) array that lies along W run at all.
        Case("x (2, 3, 3, 3), eps 1e-5", _batch((2, 3, 3, 3), 1e-5), ("y",)),
        Case("float32, mean 3000", _far_from_zero((2, 4, 2, 2)), ("y",)),
    ),
    mistakes=(
        _unbiased(wrong=(_images(ddof=1),)),
        _one_pass(wrong=(_images_one_pass,)),
        _missing_root(
            wrong=(
                _images(divisor=lambda var, eps: var + eps),
                _images(divisor=lambda var, eps: var),
            ),
        ),
        _eps_forgotten(wrong=(_images(divisor=lambda var, eps: np.sqrt(var)),)),
        _eps_outside(wrong=(_images(divisor=lambda var, eps: np.sqrt(var) + eps),)),
        _not_centered(wrong=(_images(center=False),)),
        _parameters_forgotten(
            wrong=(
                _images(affine=lambda xhat, gamma, beta: xhat),
                _images(affine=lambda xhat, gamma, beta: gamma * xhat),
                _images(affine=lambda xhat, gamma, beta: xhat + beta),
            ),
        ),
        Mistake(
            "per-pixel",
            "Aapne har pixel ka alag mean liya. Ek channel ke sab pixels "
            "ek hi mean share karte hain: kaunse axes baaki hain?",
            "You took a separate mean for each pixel. All pixels of a channel "
            "share one mean: which axes are left?",
            wrong=(_images(axes=0), _images(axes=0, parameters=(-1,))),
        ),
        Mistake(
            "instance-norm",
            "Aapne har image ka alag mean liya: yeh instance norm hai. "
            "Batch norm ek channel ko poore batch par dekhta hai.",
            "You took a separate mean for each image: that is instance norm. "
            "Batch norm looks at a channel over the whole batch.",
            wrong=(_images(axes=(2, 3)),),
        ),
        Mistake(
            "layer-norm",
            "Aapne har image ke sab channels ka ek mean liya: yeh layer norm hai. "
            "Batch norm mein har channel ka apna mean hota hai.",
            "You took one mean over all channels of an image: that is layer norm. "
            "In batch norm each channel has a mean of its own.",
            wrong=(_images(axes=(1, 2, 3)),),
        ),
        Mistake(
            "channels-last-axes",
            "Yeh axes (N, H, W, C) layout ke hain. "
            "Yahan x ka layout (N, C, H, W) hai: channel kaunsa axis hai?",
            "These axes belong to the layout (N, H, W, C). "
            "Here x has the layout (N, C, H, W): which axis is the channel?",
            wrong=(
                _images(axes=(0, 1, 2)),
                _images(axes=(0, 1, 2), parameters=(-1,)),
            ),
        ),
        Mistake(
            "global-statistics",
            "Aapne sab channels ke liye ek hi mean liya. "
            "Batch norm mein har channel ka apna mean aur apna variance hota hai.",
            "You took one mean for all channels. "
            "In batch norm each channel has a mean and a variance of its own.",
            wrong=(_images(axes=None),),
        ),
        Mistake(
            "parameters-wrong-axis",
            "gamma aur beta H ya W axis par lag rahe hain, C par nahi. "
            "(C,) shape x ke aakhri axis se match hota hai: pehle reshape sochiye.",
            "gamma and beta run along H or W, not along C. "
            "A shape (C,) meets the last axis of x: think of a reshape first.",
            wrong=(_images(parameters=(-1,)), _images(parameters=(-1, 1))),
        ),
        Mistake(
            "statistics-wrong-axis",
            "Mean aur variance W axis par lag rahe hain, C par nahi. "
            "(C,) shape x ke aakhri axis se match hota hai: keepdims dekhiye.",
            "Mean and variance run along W, not along C. "
            "A shape (C,) meets the last axis of x: look at keepdims.",
            wrong=(
                _images(keepdims=False),
                _images(keepdims=False, parameters=(-1,)),
            ),
        ),
    ),
)


def undo(mean, var, eps):
    """Return the gamma and beta with which batch norm returns its input."""
    return np.sqrt(var + eps), mean


def _undo(*, gamma=_std, beta=lambda mean, var: mean):
    """Return the undoing parameters with one choice made wrong."""
    return lambda mean, var, eps: (gamma(var, eps), beta(mean, var))


def _statistics(eps):
    """Return means and variances of three features, none of them special."""
    return lambda rng: (rng.uniform(1.5, 3.0, 3), rng.uniform(0.3, 0.8, 3), eps)


UNDO = Exercise(
    id="math.undo",
    reference=undo,
    cases=(
        Case("3 features, eps 1e-5", _statistics(1e-5), ("gamma", "beta")),
        Case("3 features, eps 0.5", _statistics(0.5), ("gamma", "beta")),
    ),
    mistakes=(
        Mistake(
            "gamma-is-variance",
            "Aapne gamma ke liye variance rakha. "
            "Dekhiye ki normalize karte waqt kis se divide kiya tha.",
            "You used the variance for gamma. Look at what normalizing divided by.",
            wrong=(
                _undo(gamma=lambda var, eps: var),
                _undo(gamma=lambda var, eps: var + eps),
            ),
        ),
        _eps_forgotten(wrong=(_undo(gamma=lambda var, eps: np.sqrt(var)),)),
        _eps_outside(wrong=(_undo(gamma=lambda var, eps: np.sqrt(var) + eps),)),
        Mistake(
            "gamma-inverted",
            "Aapka gamma phir se divide karta hai. "
            "Divide ko undo karne ke liye kya karna padega?",
            "Your gamma divides once more. What does it take to undo a division?",
            wrong=(
                _undo(gamma=lambda var, eps: 1 / np.sqrt(var + eps)),
                _undo(gamma=lambda var, eps: 1 / np.sqrt(var)),
            ),
        ),
        Mistake(
            "beta-negative",
            "Aapne mean phir se ghataya. Mean pehle hi ghat chuka hai: wapas kaise aayega?",
            "You subtracted the mean once more. "
            "It is already subtracted: how does it come back?",
            wrong=(_undo(beta=lambda mean, var: -mean),),
        ),
        Mistake(
            "beta-scaled",
            "Aapka beta scale ho gaya hai. "
            "y = gamma * xhat + beta mein dekhiye ki beta par gamma lagta hai ya nahi.",
            "Your beta is scaled. "
            "See in y = gamma * xhat + beta whether gamma acts on beta.",
            wrong=(
                lambda mean, var, eps: (_std(var, eps), mean * _std(var, eps)),
                lambda mean, var, eps: (_std(var, eps), mean / _std(var, eps)),
                _undo(beta=lambda mean, var: mean * np.sqrt(var)),
                _undo(beta=lambda mean, var: mean / np.sqrt(var)),
            ),
        ),
        Mistake(
            "parameters-swapped",
            "gamma aur beta ne jagah badal li. Order (gamma, beta) hai.",
            "gamma and beta have changed places. The order is (gamma, beta).",
            wrong=(lambda mean, var, eps: (mean, _std(var, eps)),),
        ),
    ),
)


def batch_norm_backward(dout, xhat, rstd, gamma):
    """Return dx, dgamma and dbeta of batch norm in training mode."""
    dx = _dx(dout, xhat, rstd, gamma)
    return dx, (dout * xhat).sum(0), dout.sum(0)


def _dx(
    dout,
    xhat,
    rstd,
    gamma,
    *,
    mean_term=1,
    xhat_term=1,
    reduce=np.mean,
    reduce_along=None,
    along=lambda xhat: xhat,
):
    dxhat = dout * gamma
    removed = mean_term * reduce(dxhat, axis=0)
    share = (reduce_along or reduce)(dxhat * xhat, axis=0)
    return rstd * (dxhat - removed - xhat_term * along(xhat) * share)


def _wrong_dx(function, **choices):
    """Return a backward whose dx alone is wrong."""

    def wrong(dout, xhat, rstd, gamma):
        _, dgamma, dbeta = batch_norm_backward(dout, xhat, rstd, gamma)
        return function(dout, xhat, rstd, gamma, **choices), dgamma, dbeta

    return wrong


def _wrong_parameters(change):
    """Return a backward that changes the right (dgamma, dbeta) before returning."""

    def wrong(dout, xhat, rstd, gamma):
        dx, dgamma, dbeta = batch_norm_backward(dout, xhat, rstd, gamma)
        return dx, *change(dgamma, dbeta, len(dout))

    return wrong


def _wrong_with_gamma(in_dgamma, in_dbeta):
    """Return a backward in which gamma slipped into a parameter's gradient."""

    def wrong(dout, xhat, rstd, gamma):
        dx, dgamma, dbeta = batch_norm_backward(dout, xhat, rstd, gamma)
        if in_dgamma:
            dgamma = dgamma * gamma
        if in_dbeta:
            dbeta = dbeta * gamma
        return dx, dgamma, dbeta

    return wrong


def _gradient(shape, dtype=np.float64):
    """Return the inputs of a backward case; dout leans on the mean and on xhat."""

    def inputs(rng):
        x = rng.normal(1.5, 2.0, size=shape)
        rstd = 1 / np.sqrt(x.var(0) + 1e-5)
        xhat = (x - x.mean(0)) * rstd
        dout = rng.normal(1.0, 1.0, size=shape) + 0.7 * xhat
        gamma = rng.uniform(1.5, 2.5, size=shape[1])
        return tuple(a.astype(dtype) for a in (dout, xhat, rstd, gamma))

    return inputs


_GRADIENTS = ("dx", "dgamma", "dbeta")

BACKWARD = Exercise(
    id="math.backward",
    reference=batch_norm_backward,
    cases=(
        Case("dout (6, 3)", _gradient((6, 3)), _GRADIENTS),
        Case("dout (4, 4), float32", _gradient((4, 4), np.float32), _GRADIENTS),
    ),
    mistakes=(
        Mistake(
            "constant-statistics",
            "dx mein mean aur variance constant maan liye gaye. "
            "Dono x par depend karte hain: gradient unse hokar bhi aata hai.",
            "dx treats the mean and the variance as constants. "
            "Both depend on x: gradient flows through them too.",
            wrong=(_wrong_dx(_dx, mean_term=0, xhat_term=0),),
        ),
        Mistake(
            "constant-variance",
            "dx mein xhat ki direction wala term nahi hai, ya woh 0 hai. "
            "Us term mein pehle g * xhat multiply hota hai, phir mean.",
            "dx lacks the term along xhat, or that term is 0. "
            "In it g * xhat is multiplied first, and the mean comes after.",
            wrong=(_wrong_dx(_dx, xhat_term=0),),
        ),
        Mistake(
            "constant-mean",
            "dx mein variance wala term hai, lekin mean constant maan liya gaya. "
            "Dekhiye: kya aapke dx ka sum batch par 0 hai?",
            "dx has the term of the variance, but treats the mean as a constant. "
            "Look: does your dx sum to 0 over the batch?",
            wrong=(_wrong_dx(_dx, mean_term=0),),
        ),
        Mistake(
            "gamma-forgotten",
            "dx mein gamma nahi hai. y = gamma * xhat + beta se peeche chaliye.",
            "dx lacks gamma. Walk back through y = gamma * xhat + beta.",
            wrong=(_wrong_dx(lambda dout, xhat, rstd, _: _dx(dout, xhat, rstd, 1)),),
        ),
        Mistake(
            "rstd-forgotten",
            "dx mein rstd nahi hai. xhat = (x − mean) * rstd se peeche chaliye.",
            "dx lacks rstd. Walk back through xhat = (x − mean) * rstd.",
            wrong=(_wrong_dx(lambda dout, xhat, _, gamma: _dx(dout, xhat, 1, gamma)),),
        ),
        Mistake(
            "rstd-inverted",
            "Aapne rstd se divide kiya. rstd khud 1 / std hai: "
            "xhat = (x − mean) * rstd mein woh kahan hai?",
            "You divided by rstd. rstd itself is 1 / std: "
            "where does it stand in xhat = (x − mean) * rstd?",
            wrong=(
                _wrong_dx(lambda dout, xhat, rstd, gamma: _dx(dout, xhat, 1 / rstd, gamma)),
            ),
        ),
        Mistake(
            "dx-zero",
            "Aapka dx har jagah 0 hai. Yeh sirf m = 2 par sahi dikhta hai; "
            "zyada values par gradient ka ek hissa bachta hai.",
            "Your dx is 0 everywhere. That looks right only at m = 2; "
            "with more values a part of the gradient is left.",
            wrong=(_wrong_dx(lambda dout, *rest: np.zeros_like(dout)),),
        ),
        Mistake(
            "sum-in-dx",
            "dx ke terms mein mean ki jagah sum hai, ya 1/N kho gaya hai. "
            "N alag ho toh dx ka size dekhiye.",
            "dx has sums where means belong, or has lost 1/N. "
            "See how the size of dx changes with N.",
            wrong=(
                _wrong_dx(_dx, reduce=np.sum),
                _wrong_dx(_dx, reduce_along=np.sum),
                _wrong_dx(_dx, reduce=np.sum, reduce_along=np.mean),
                _wrong_dx(lambda dout, *rest: len(dout) * _dx(dout, *rest)),
            ),
        ),
        Mistake(
            "direction-forgotten",
            "mean(dxhat * xhat) ek hi number hai har feature ke liye. "
            "Usko xhat se multiply kijiye: tabhi xhat ki direction hatti hai.",
            "mean(dxhat * xhat) is one number for each feature. "
            "Multiply it by xhat: only then the direction of xhat is removed.",
            wrong=(_wrong_dx(_dx, along=lambda xhat: 1),),
        ),
        Mistake(
            "wrong-sign",
            "Ek sign ulta hai. Mean aur xhat ki direction dxhat se hatni chahiye.",
            "A sign is flipped. "
            "The mean and the direction of xhat should be removed from dxhat.",
            wrong=(
                _wrong_dx(_dx, mean_term=-1, xhat_term=-1),
                _wrong_dx(_dx, mean_term=-1),
                _wrong_dx(_dx, xhat_term=-1),
                _wrong_dx(lambda *args: -_dx(*args)),
                _wrong_parameters(lambda dgamma, dbeta, n: (-dgamma, -dbeta)),
                _wrong_parameters(lambda dgamma, dbeta, n: (-dgamma, dbeta)),
                _wrong_parameters(lambda dgamma, dbeta, n: (dgamma, -dbeta)),
            ),
        ),
        Mistake(
            "gradients-swapped",
            "dgamma aur dbeta ne jagah badal li. Order (dx, dgamma, dbeta) hai.",
            "dgamma and dbeta have changed places. The order is (dx, dgamma, dbeta).",
            wrong=(_wrong_parameters(lambda dgamma, dbeta, n: (dbeta, dgamma)),),
        ),
        Mistake(
            "gamma-in-parameters",
            "dgamma ya dbeta mein gamma aa gaya. "
            "y = gamma * xhat + beta ko gamma aur beta se differentiate kijiye.",
            "dgamma or dbeta contains gamma. "
            "Differentiate y = gamma * xhat + beta by gamma and by beta.",
            wrong=(
                _wrong_with_gamma(True, True),
                _wrong_with_gamma(True, False),
                _wrong_with_gamma(False, True),
            ),
        ),
        Mistake(
            "dgamma-without-xhat",
            "dgamma mein xhat nahi hai. gamma thoda sa badle toh y kitna badalta hai?",
            "dgamma lacks xhat. If gamma takes a small step, how far does y move?",
            wrong=(_wrong_parameters(lambda dgamma, dbeta, n: (dbeta, dbeta)),),
        ),
        Mistake(
            "mean-of-parameters",
            "dgamma ya dbeta mein mean hai. Wahi gamma har sample par lagta hai: "
            "samples ke gradients kaise judte hain?",
            "dgamma or dbeta is a mean. The same gamma acts on every sample: "
            "how do the gradients of the samples combine?",
            wrong=(
                _wrong_parameters(lambda dgamma, dbeta, n: (dgamma / n, dbeta / n)),
                _wrong_parameters(lambda dgamma, dbeta, n: (dgamma / n, dbeta)),
                _wrong_parameters(lambda dgamma, dbeta, n: (dgamma, dbeta / n)),
            ),
        ),
    ),
)

TWO = Exercise(
    id="math.two",
    reference=([[-1.0], [1.0]], [[0.0], [0.0]]),
    play=lambda answer: answer,
    cases=(Case("", lambda rng: (), ("xhat", "dx")),),
    mistakes=(
        _unbiased(wrong=(([[-(0.5**0.5)], [0.5**0.5]], [[0.0], [0.0]]),)),
        Mistake(
            "wrong-sign",
            "xhat ke signs ulte hain. Jo value mean se kam hai, uska sign kya hoga?",
            "The signs of xhat are flipped. A value below the mean gets which sign?",
            wrong=(([[1.0], [-1.0]], [[0.0], [0.0]]),),
        ),
        Mistake(
            "missing-root",
            "Aapne variance se divide kiya. Pehle uska square root lijiye.",
            "You divided by the variance. Take its square root first.",
            wrong=(([[-0.5], [0.5]], [[0.0], [0.0]]),),
        ),
        Mistake(
            "constant-statistics",
            "dx mein mean aur variance constant maan liye gaye. "
            "x badle toh xhat kitna badalta hai?",
            "dx treats the mean and the variance as constants. "
            "If x changes, how far does xhat move?",
            wrong=(
                ([[-1.0], [1.0]], [[2.5], [0.5]]),
                ([[-1.0], [1.0]], [[5.0], [1.0]]),
            ),
        ),
        Mistake(
            "constant-variance",
            "dx se mean hat gaya, lekin xhat ki direction abhi baaki hai. "
            "Usko bhi hataiye: kya bachta hai?",
            "The mean is gone from dx, but the direction of xhat is still in it. "
            "Remove that too: what is left?",
            wrong=(
                ([[-1.0], [1.0]], [[1.0], [-1.0]]),
                ([[-1.0], [1.0]], [[2.0], [-2.0]]),
            ),
        ),
    ),
)

EXERCISES = (FORWARD, IMAGES, UNDO, BACKWARD, RUNNING, TWO)
