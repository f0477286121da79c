"""Says in words what a composed transform of lightly and torchvision does: one text a step, in order."""


def number(value):
    return f"{float(value):.9g}"


def span(values):
    return f"{number(values[0])}..{number(values[1])}"


def jitter_range(values):
    return "none" if values is None else span(values)


def describe(step):
    """The steps of a transform; Compose, and lightly's classes that hold one, are opened."""
    name = type(step).__name__
    if name == "Compose":
        return [text for part in step.transforms for text in describe(part)]
    if name.endswith(("ViewTransform", "View1Transform", "View2Transform")):
        return describe(step.transform)
    if name == "RandomResizedCrop":
        height, width = step.size
        # An enumerator in torchvision.transforms, its value in v2.
        interpolation = getattr(step.interpolation, "value", step.interpolation)
        return [f"{name}(size={height}x{width}, scale={span(step.scale)}, ratio={span(step.ratio)}, interpolation={interpolation})"]
    if name in ("RandomHorizontalFlip", "RandomVerticalFlip", "RandomGrayscale"):
        return [f"{name}(p={number(step.p)})"]
    if name == "RandomRotate":
        return [f"{name}(prob={number(step.prob)}, angle={number(step.angle)})"]
    if name == "RandomRotateDegrees":
        rotation, = step.transform.transforms
        return [f"{name}(prob={number(step.transform.p)}, degrees={span(rotation.degrees)})"]
    if name == "RandomApply":
        inner, = step.transforms
        return [f"{name}(p={number(step.p)}, {describe(inner)[0]})"]
    if name == "ColorJitter":
        return [f"{name}(brightness={jitter_range(step.brightness)}, contrast={jitter_range(step.contrast)}, "
                f"saturation={jitter_range(step.saturation)}, hue={jitter_range(step.hue)})"]
    if name == "GaussianBlur" and hasattr(step, "sigmas"):
        return [f"{name}(prob={number(step.prob)}, sigmas={span(step.sigmas)})"]
    if name == "GaussianBlur":
        return [f"{name}(prob={number(step.prob)}, kernel_size={number(step.kernel_size)}, scale={number(step.scale)})"]
    if name == "RandomSolarization":
        return [f"{name}(prob={number(step.prob)}, threshold={number(step.threshold)})"]
    if name == "ToTensor":
        return [f"{name}()"]
    if name == "Normalize":
        return [f"{name}(mean={' '.join(map(number, step.mean))}, std={' '.join(map(number, step.std))})"]
    raise ValueError(f"no words for {step}")
