"""What a check says: once for the whole book, one line in each language.

A text names the mistake and says where to look, not what to type. It is said of any
exercise with this mistake, so it has to be true of each.
"""

__all__ = ["TEXTS"]

_TEXTS = """
passed: Answer har case mein right answer se match karta hai.
    The answer matches the right one in every case.
open: Apna answer likho (function mein return ke saath) aur cell phir se chalao.
    Write your answer (in a function, with a return) and run the cell again.
printed: Code ne jo print kiya, woh verdict.printed mein hai.
    What the code printed is in verdict.printed.
incomplete: Answer ka ek hissa abhi khaali hai.
    A part of the answer is still empty.
returned-nothing: Function ne None return kiya. Kya return likhna reh gaya?
    Your function returned None. Was the return left out?
raised: Code mein exception aaya.
    The code raised an exception.
time-up: Code rukta nahi. Kya koi loop kabhi khatam nahi hota?
    The code does not stop. Is there a loop that never ends?
library-norm: Yahan norm khud likhna hai; code ne library ka norm call kiya.
    Here you write the norm yourself; the code called the norm of a library.
wrong-signature: Function ke naam aur arguments exercise jaise rakho.
    Keep the function names and arguments of the exercise.
wrong-type: Answer ka type alag hai.
    The answer has the wrong type.
wrong-shape: Answer ka shape alag hai.
    The answer has the wrong shape.
not-finite: NaN ya inf aaya. 0 se divide hua, ya negative number ka root liya?
    There is NaN or inf. Was there a division by 0, or the root of a negative number?
changed-input: Code ne apna input badal diya. Nayi values ke liye naya array banao.
    The code changed its input. Make a new array for new values.
not-repeatable: Wahi inputs par doosri baar doosra answer aaya. Kya yaad reh gaya?
    The same inputs gave another answer the second time. What was kept from the first?
unknown: Values alag hain. Apna code formula se line by line milao.
    The values differ. Compare your code with the formula, line by line.

unbiased-variance: Kahin N−1 se divide hua. Normalize karne ke liye N hai.
    Something was divided by N−1. To normalize it is N.
one-pass-variance: float32 mein, mean 3000 par, answer galat hai. Kya E[x²] − E[x]² liya?
    In float32, at mean 3000, the answer is wrong. Did you take E[x²] − E[x]²?
wrong-count: Har sample do baar ho toh output badalta hai. Sum ko kis se divide kiya?
    With every sample twice the output changes. By what was a sum divided?
variance-not-centered: Variance mein x² ka mean liya, mean minus kiye bina.
    The variance is a mean of x², without the mean subtracted.
not-the-variance: Variance ki jagah range hai, ya |x − mean| ka mean.
    In the place of the variance there is a range, or a mean of |x − mean|.
global-statistics: Mean ya variance sab features par ek saath hai. Har feature ka apna ho.
    A mean or variance is taken over all features at once. Each feature needs its own.
layer-norm: Mean ya variance har sample ke features par hai, jaise layer norm mein.
    A mean or variance is taken over the features of each sample, as in layer norm.
features-mixed: Ek feature ka output doosre features par depend karta hai. Axis dekho.
    The output of one feature depends on other features. Look at the axis.
batch-not-used: Ek sample ka output baaki batch par depend nahi karta. Axis dekho.
    The output of a sample does not depend on the rest of the batch. Look at the axis.

eps-forgotten: Output diye gaye eps se nahi badalta. Formula mein eps kahan hai?
    The output does not change with the eps it is given. Where is eps in the formula?
eps-outside-root: eps square root ke baad add hua. Formula mein pehle kya hota hai?
    eps was added after the square root. What comes first in the formula?
eps-not-in-var: eps kahin hai, lekin variance mein add nahi hua. Formula dekho.
    eps is somewhere, but it is not added to the variance. See the formula.
missing-root: Variance se divide kiya. x meter mein ho toh variance ki unit kya hai?
    You divided by the variance. If x is in meters, what is the unit of its variance?
root-twice: Square root do baar liya. Standard deviation khud variance ka root hai.
    The square root was taken twice. The standard deviation already is the root.
not-divided: Standard deviation se divide nahi hua. Minus karne ke baad kya hota hai?
    Nothing was divided by the standard deviation. What comes after the subtraction?
divided-by-four: 4 se divide kiya. Woh variance hai aur range bhi; formula mein kya hai?
    You divided by 4. That is the variance and also the range; what is in the formula?
scale-remains: x 1000 guna aur eps bahut chhota, toh output alag. Divide kis se hua?
    With x times 1000 and a tiny eps the output is another. What was it divided by?
mean-not-subtracted: Output mein mean bacha hai: x + 100 par output badal jaata hai.
    The mean is left in the output: at x + 100 the output changes.
wrong-sign: Ek sign ulta hai. Har + aur har − ko formula se milao.
    A sign is flipped. Compare every + and every − with the formula.
brackets: Brackets dekho. Pehle poora x − mean, phir divide, phir gamma.
    Look at the brackets. First all of x − mean, then the division, then gamma.

parameters-forgotten: gamma ya beta output tak nahi pahunchta. Formula dekho.
    gamma or beta does not reach the output. See the formula.
parameters-swapped: gamma aur beta ne jagah badal li. Kaun scale karta hai, kaun shift?
    gamma and beta have changed places. Which one scales, which one shifts?
gamma-not-once: gamma ek baar multiply hona hai: do baar nahi, divide ya plus nahi.
    gamma is multiplied in once: not twice, not as a divisor, not added.
beta-scaled: beta scale hua hai. y = gamma * xhat + beta mein woh akela judta hai.
    beta is scaled. In y = gamma * xhat + beta it is added alone.

per-pixel: Har pixel ka alag mean ya variance hai. Ek channel ke pixels saath hain.
    Each pixel has its own mean or variance. The pixels of a channel belong together.
instance-norm: Har image ka apna mean ya variance hai, jaise instance norm mein.
    Each image has its own mean or variance, as in instance norm.
channels-last-axes: Yeh axes (N, H, W, C) ke hain; yahan (N, C, H, W) hai. C kahan hai?
    These axes are those of (N, H, W, C); here it is (N, C, H, W). Where is C?
wrong-axis: Sum ya mean galat axis par hai. Kaunsa axis alag rehta hai?
    A sum or mean runs over the wrong axis. Which axis is left out?
statistics-wrong-axis: Mean ya variance W par lag rahe hain, C par nahi: keepdims dekho.
    Mean or variance runs along W, not along C: look at keepdims.
parameters-wrong-axis: gamma ya beta C par nahi lag raha. Pehle reshape socho.
    gamma or beta does not run along C. Think of a reshape first.
mean-of-variances: Variances ka mean (ya ulta) poore channel ka variance nahi hai.
    A mean of variances (or the reverse) is not the variance of the whole channel.
axis-not-moved: reshape values ko nahi hilata. Axes ko pehle sahi order mein lao.
    reshape does not move values. Bring the axes into the right order first.

gamma-is-variance: gamma ki jagah variance hai. Normalize karte waqt kis se divide hua?
    The variance stands for gamma. What did normalizing divide by?
gamma-inverted: gamma phir se divide karta hai. Divide ko undo kaise karte hain?
    gamma divides once more. What undoes a division?
nothing-undone: gamma = 1 ya beta = 0 kuch wapas nahi laata. Normalize ne kya badla tha?
    gamma = 1 or beta = 0 brings nothing back. What did normalizing change?
beta-negative: Mean phir se minus hua. Woh ek baar ho chuka hai: wapas kaise aayega?
    The mean was subtracted once more. That is done already: how does it come back?
parameters-mixed: gamma mean se badalta hai, ya beta variance se. Kya minus hua tha?
    gamma changes with the mean, or beta with the variance. What was subtracted?

constant-statistics: dx mein mean aur variance constant hain. Dono x se bante hain.
    In dx the mean and the variance are constants. Both are made of x.
constant-variance: dx mein xhat wala term nahi hai, ya 0 hai. Mean kiska lena hai?
    dx lacks the term along xhat, or it is 0. Of what do you take the mean?
constant-mean: dx mein mean wala term nahi hai, ya 0 hai. Kya dx ka sum 0 hai?
    dx lacks the term of the mean, or it is 0. Is the sum of dx 0?
sum-not-zero: dx ka sum 0 nahi hai. Sab x barabar badhein toh xhat kitna badalta hai?
    The sum of dx is not 0. If all x grow alike, how far does xhat move?
direction-left: dx mein xhat ki direction abhi baaki hai. Uske bina kya bachta hai?
    dx still lies along xhat. What is left without that?
direction-forgotten: xhat wala term poora nahi hai. Kiska mean, aur kis se multiply?
    The term along xhat is not whole. The mean of what, and times what?
projection-by-length: xhat² ke sum se divide kiya. Woh N tabhi hai jab eps 0 ho.
    You divided by the sum of xhat². It is N only when eps is 0.
factor-of-two: dx ka ek term do guna ya aadha hai. 2 aur 1/2 kahan cancel hote hain?
    A term of dx is doubled or halved. Where do 2 and 1/2 cancel?
sum-in-dx: dx mein N galat hai: mean ki jagah sum, ya 1/N ek baar kam ya zyada.
    N is wrong in dx: a sum for a mean, or 1/N once too few or too many.
dx-zero: dx har jagah 0 hai. Yeh sirf m = 2 par sahi dikhta hai.
    dx is 0 everywhere. That looks right only at m = 2.
gamma-forgotten: dx ke kisi term mein gamma nahi hai. y = gamma * xhat + beta dekho.
    A term of dx lacks gamma. See y = gamma * xhat + beta.
rstd-forgotten: dx ke kisi term mein rstd nahi hai. xhat = (x − mean) * rstd dekho.
    A term of dx lacks rstd. See xhat = (x − mean) * rstd.
rstd-power: dx ke kisi term mein rstd ki power galat hai. rstd khud 1 / std hai.
    A term of dx has the wrong power of rstd. rstd itself is 1 / std.
gradients-swapped: Outputs ne jagah badal li. Exercise mein unka order dekho.
    The outputs have changed places. See their order in the exercise.
gamma-in-parameters: dgamma ya dbeta mein gamma hai. y = gamma * xhat + beta dekho.
    dgamma or dbeta contains gamma. See y = gamma * xhat + beta.
rstd-in-parameters: dgamma ya dbeta mein rstd hai. y = gamma * xhat + beta dekho.
    dgamma or dbeta contains rstd. See y = gamma * xhat + beta.
dgamma-without-xhat: dgamma mein xhat nahi hai. gamma badle toh y kitna badalta hai?
    dgamma lacks xhat. If gamma changes, how far does y move?
dbeta-with-xhat: dbeta mein xhat hai. beta badle toh y kitna badalta hai?
    dbeta contains xhat. If beta changes, how far does y move?
sum-before-product: xhat ka sum 0 hai, isliye dgamma bhi. Pehle multiply, phir sum.
    The sum of xhat is 0, and so is dgamma. First multiply, then sum.
not-summed: dgamma ya dbeta ka sum nahi hua. Wahi parameter har sample par lagta hai.
    dgamma or dbeta is not summed. The same parameter acts on every sample.
mean-of-parameters: dgamma ya dbeta mein mean hai. Wahi parameter har sample par lagta hai.
    dgamma or dbeta is a mean. The same parameter acts on every sample.

momentum-reversed: momentum ulta hai. torch mein 0.1 matlab 10 % naya, 90 % purana.
    momentum is reversed. In torch 0.1 means 10 % new, 90 % old.
momentum-ignored: Running average diye gaye momentum se nahi badalta.
    The running average does not change with the momentum it is given.
wrong-average: Running average mein purane aur naye ke hisse dekho. Dono ka sum 1 hai.
    Look at the shares of old and new in the running average. Their sum is 1.
plain-average: Sab batches ka barabar average liya. Hissa momentum decide karta hai.
    All batches were averaged alike. momentum decides the share.
first-batch-copied: Pehla batch seedha copy hua. Woh bhi start value ke saath mix hota hai.
    The first batch was copied. It too is mixed with the start value.
never-updated: Training mein running mean ya running variance badalta hi nahi.
    The running mean or the running variance never changes in training.
training-without-effect: Training se eval nahi badalta. Running statistics kahan gaye?
    Training does not change eval. Where do the running statistics go?
no-mean-in-eval: Eval mein mean minus nahi hota, ya running mean 0 hi rehta hai.
    In eval no mean is subtracted, or the running mean stays 0.
biased-stored: Running variance mein N−1 nahi hai. torch wahan us se divide karta hai.
    There is no N−1 in the running variance. torch divides by it there.
std-stored: Standard deviation ka running average rakha. torch variance ka rakhta hai.
    You kept a running average of the standard deviation. torch keeps the variance's.
mode-from-grad: Output grad_enabled par depend karta hai. Mode training decide karta hai.
    The output depends on grad_enabled. It is training that decides the mode.
mode-reversed: Kahin training ulta hai: True par eval ka kaam, ya False par training ka.
    training is reversed somewhere: eval's work on True, or training's on False.
running-statistics-in-training: Training mein running statistics use hue. Batch ke lo.
    Training used the running statistics. Take those of the batch.
batch-statistics-in-eval: Eval mein batch ka mean ya variance use hua. Running wala lo.
    Eval used a mean or variance of the batch. Take the running one.
updates-in-eval: Running statistics eval mein bhi badalte hain. Test data se mat seekho.
    The running statistics change in eval too. Do not learn from test data.
wrong-start: Start value galat hai. Kis mean aur variance se x waisa hi rehta hai?
    A start value is wrong. Which mean and variance leave x as it is?
one-sample-in-eval: Eval ek sample par fail hota hai. Kya N−1 wahan bhi nikala?
    Eval fails on one sample. Is N−1 computed there too?
batch-size-remembered: Batch ka size badle toh answer galat hai. Kya size yaad rakha?
    When the batch size changes, the answer is wrong. Is the size remembered?
features-hard-coded: Features ka count badle toh answer galat hai. num_features use karo.
    The answer is wrong for another number of features. Use num_features.
other-defaults: momentum ya eps ka default alag hai. Exercise ke defaults rakho.
    The default of momentum or eps differs. Keep the defaults of the exercise.
state-not-copied: State dict load ke baad badla, toh layer bhi badal gayi. Copy karo.
    The state dict changed after the load, and so did the layer. Copy the values.
not-saved: Save aur load ke baad output alag hai. Dono methods dekho.
    After save and load the output is another. Look at both methods.
"""


def _read(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    texts = zip(lines[::2], lines[1::2], strict=True)
    pairs = [(*hinglish.split(": ", maxsplit=1), english) for hinglish, english in texts]
    return {name: (hinglish, english) for name, hinglish, english in pairs}


# id -> (Hinglish, English)
TEXTS = _read(_TEXTS)
