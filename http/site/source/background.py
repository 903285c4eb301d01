"""The background of the profile page: ribbons of light seen through glass, on a sky from dawn to night.

Every pixel is a formula of its place, so that the picture is the same each time it is drawn; the only noise is a seeded
grain that keeps soft gradients from showing bands in a JPEG.
"""

import numpy as np

WIDTH, HEIGHT = 1920, 1200


def smoothstep(low, high, value):
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def blob(x, y, centre, radius, stretch=1.0):
    """A soft round light of height 1 at its centre."""
    return np.exp(-(((x - centre[0]) / (radius * stretch)) ** 2 + ((y - centre[1]) / radius) ** 2))


def sky(x, y):
    """A gradient from upper left to lower right with a few lights in it."""
    image = np.empty(x.shape + (3,))
    slant = np.clip(0.62 * y + 0.24 * x, 0.0, 1.0)[..., None]
    first, last = np.array([0.20, 0.42, 0.84]), np.array([0.15, 0.10, 0.42])
    image[:] = first * (1.0 - slant) + last * slant
    lights = [
        ((0.10, 0.12), 0.46, 1.2, (0.18, 0.86, 0.92), 0.72),
        ((1.42, 0.04), 0.40, 1.4, (0.99, 0.66, 0.72), 0.66),
        ((0.95, 0.56), 0.42, 1.6, (0.36, 0.47, 0.99), 0.55),
        ((0.16, 0.98), 0.42, 1.3, (0.48, 0.26, 0.92), 0.62),
        ((1.52, 0.98), 0.40, 1.2, (0.08, 0.62, 0.80), 0.58),
    ]
    for centre, radius, stretch, colour, strength in lights:
        light = (strength * blob(x, y, centre, radius, stretch))[..., None]
        image = image * (1.0 - light) + np.array(colour) * light
    return image


def ribbon(x, y, height, swing, phase, width, twist):
    """A band of glass along a wave: clear at its lower edge, bright where its upper edge catches the light."""
    middle = height + swing * np.sin(2.3 * x + phase) + 0.35 * swing * np.sin(4.1 * x + 1.7 * phase)
    breadth = width * (0.62 + 0.38 * np.sin(twist * x + phase))
    across = (y - middle) / np.maximum(breadth, 0.012)
    inside = smoothstep(-1.0, -0.985, across) * (1.0 - smoothstep(-0.9, 1.0, across))
    edge = np.exp(-(((across + 1.0) * np.maximum(breadth, 0.012) / 0.0022) ** 2))
    return inside, edge


def draw():
    """The picture as an array of HEIGHT x WIDTH x 3 bytes."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / HEIGHT
    image = sky(x, y)
    for step in range(9):
        t = step / 8.0
        inside, edge = ribbon(x, y, 0.26 + 0.58 * t, 0.105 - 0.03 * t, 0.75 * step + 0.4, 0.15, 1.3 + 0.22 * step)
        tint = np.array([0.45 + 0.5 * t, 0.92 - 0.34 * t, 1.0])
        fade = (0.55 + 0.45 * np.sin(1.4 * x + 1.1 * step))[..., None]
        image += (tint - image) * inside[..., None] * 0.20 * fade
        image += (1.0 - image) * edge[..., None] * 0.50 * fade
    grain = np.random.Generator(np.random.PCG64(7)).normal(0.0, 0.0065, x.shape)[..., None]
    return np.rint(np.clip(image + grain, 0.0, 1.0) * 255.0).astype(np.uint8)
