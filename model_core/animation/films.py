"""Frames put together: a GIF by Pillow, an MP4 by ffmpeg where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess  # starting ffmpeg is what this file is for  # nosec B404
from pathlib import Path
from typing import Sequence

from model_core.atomic_file import atomic_file
from model_core.errors import InputError, OutputError

FFMPEG = "ffmpeg"


def check_film(out: Path) -> None:
    """Raise `InputError` if a film of this name can't be made here; a name without suffix is that of a folder for the frames."""
    if out.suffix.lower() not in (".gif", ".mp4", ""):
        raise InputError(f"animation '{out.name}': the name must end in .gif or .mp4, or be that of a folder for the frames")
    if out.suffix.lower() == ".mp4" and shutil.which(FFMPEG) is None:
        raise InputError("an MP4 needs the program ffmpeg, which is not found; install it, or write a .gif")


def write_gif(frames: Sequence[Path], out: Path, seconds: float, comment: str = "") -> None:
    """A GIF that runs for ever, each frame shown for so long; all frames have the colours of the first, so that none flickers."""
    from PIL import Image

    def as_first(path: Path) -> Image.Image:
        with Image.open(path) as picture:
            return picture.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)

    with Image.open(max(frames, key=lambda path: path.stat().st_size)) as richest:  # the most detailed frame has the most colours
        palette = richest.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    first, *others = (as_first(path) for path in frames)
    with atomic_file(out) as partial:
        first.save(
            partial, format="GIF", save_all=True, append_images=others, duration=round(1000 * seconds), loop=0, comment=comment.encode()
        )


def write_mp4(frames: Sequence[Path], out: Path, seconds: float, comment: str = "") -> None:
    """An H.264 film that every player shows.

    Raises
    ------
    OutputError
        With what ffmpeg says, if it fails.
    """
    listing = frames[0].with_name("frames.txt")
    listing.write_text("".join(f"file '{path.name}'\nduration {seconds}\n" for path in (*frames, frames[-1])), encoding="utf-8")
    about = frames[0].with_name("about.txt")  # what is in a file may be longer than a command line
    about.write_text(";FFMETADATA1\ncomment=" + re.sub(r"([=;#\\\n])", r"\\\1", comment) + "\n", encoding="utf-8")
    with atomic_file(out) as partial:
        done = subprocess.run(  # fixed words, and names that we chose  # nosec B603
            [
                shutil.which(FFMPEG),
                "-y",
                "-loglevel",
                "error",
                "-f",
                "concat",
                "-i",
                listing.name,
                "-i",
                about.name,
                "-map_metadata",
                "1",
                "-vf",
                "format=yuv420p",
                "-f",
                "mp4",
                str(partial.absolute()),
            ],
            cwd=listing.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise OutputError(f"ffmpeg could not write '{out}': {done.stderr.strip()[-500:]}")
