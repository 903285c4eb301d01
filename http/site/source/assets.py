"""Makes the files of ../www/ that are not text: pictures from SVG and formulas, music from numbers.

Called by scripts/make-site-assets; the sizes wanted are those of the page: an emblem of about 130 KB and a piece of
about 3.4 MB, so that a capture shows many full segments.
"""

import io
import pathlib
import subprocess
import sys
import tempfile
import wave

import numpy as np
from PIL import Image

import background
import music

SOURCE = pathlib.Path(__file__).resolve().parent


def render(name, pixels):
    """An SVG of this folder as an RGBA picture of pixels x pixels."""
    command = ["rsvg-convert", "--width", str(pixels), "--height", str(pixels), str(SOURCE / name)]
    return Image.open(io.BytesIO(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)).convert("RGBA")


def write_logo(path):
    """The emblem; a fine seeded grain keeps the glow free of bands."""
    pixels = np.asarray(render("logo.svg", 640).convert("RGB")).astype(float)
    grain = np.random.Generator(np.random.PCG64(3)).normal(0.0, 1.5, pixels.shape[:2])
    picture = Image.fromarray(np.rint(np.clip(pixels + grain[..., None], 0, 255)).astype(np.uint8))
    picture.save(path, quality=96, subsampling=0, optimize=True, progressive=True)


def write_background(path):
    Image.fromarray(background.draw()).save(path, quality=90, optimize=True, progressive=True)


def write_favicon(path):
    """Three sizes in one file, the small ones drawn for themselves and not shrunk."""
    sizes = [16, 32, 48]
    pictures = [render("favicon.svg", size) for size in sizes]
    pictures[-1].save(path, format="ICO", sizes=[(size, size) for size in sizes], append_images=pictures[:-1])


def write_music(path):
    with tempfile.NamedTemporaryFile(suffix=".wav") as sheet:
        with wave.open(sheet, "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(music.RATE)
            out.writeframes(music.compose().tobytes())
        sheet.flush()
        tags = ["--id3v2-only", "--tt", "Glass and Packets", "--ta", "glasstcp", "--tl", "The profile page"]
        tags += ["--tg", "Ambient"]
        command = ["lame", "--silent", "--cbr", "-b", "192", "-q", "2", *tags, sheet.name, str(path)]
        subprocess.run(command, check=True)


def main(folder):
    folder.joinpath("img").mkdir(parents=True, exist_ok=True)
    write_favicon(folder / "favicon.ico")
    write_logo(folder / "img" / "logo.jpg")
    write_background(folder / "img" / "bg.jpg")
    write_music(folder / "img" / "idol.mp3")
    for name in ("favicon.ico", "img/logo.jpg", "img/bg.jpg", "img/idol.mp3"):
        print(f"{folder.joinpath(name).stat().st_size:>9} {name}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
