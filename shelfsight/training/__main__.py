"""``python -m shelfsight.training encoder|vlm --data DIR --out DIR``, and what is done with their results."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import click

from shelfsight.training.settings import EncoderSettings

_EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, path_type=Path)


@click.group()
def main() -> None:
    """Train the models that are embedded in Shelfsight, or one of your own in their shape."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


@main.command()
@click.option("--data", type=_EXISTING_FOLDER, required=True, help="Folder with fashion/, grocery/, clothing/.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the run lives.")
@click.option(
    "--start", type=_EXISTING, help="mobilenetv2_100 weights (safetensors) to start from, or an encoder's folder."
)
@click.option("--settings", type=_EXISTING_FILE, help="JSON with fields of EncoderSettings; the rest keeps defaults.")
@click.option("--seed", type=int, help="Overrides the seed of the settings.")
@click.option("--rendered", type=int, help="Overrides how many rendered pictures take part.")
@click.option("--device", help="Overrides where the networks run: cpu, cuda, ...")
def encoder(data: Path, out: Path, start: Path | None, settings: Path | None, **overrides: str | int | None) -> None:
    """Train the embedded encoder and write it to OUT/encoder. Interrupted, the same command goes on."""
    from shelfsight.training.encoder import train_encoder

    chosen = EncoderSettings.model_validate_json(settings.read_text(encoding="utf-8") if settings else "{}")
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        folder = train_encoder(data, out, chosen.model_copy(update=given), start=start)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{folder}")


@main.command()
@click.option("--data", type=_EXISTING_FOLDER, required=True, help="Folder with fashion/, grocery/, clothing/.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the run lives.")
@click.option("--encoder", "folder", type=_EXISTING_FOLDER, help="Encoder whose picture tower is taken over.")
@click.option("--settings", type=_EXISTING_FILE, help="JSON with fields of VlmSettings; the rest keeps defaults.")
@click.option("--threads", type=int, help="Overrides the threads of the settings.")
def vlm(data: Path, out: Path, folder: Path | None, settings: Path | None, threads: int | None) -> None:
    """Train the embedded vision-language model and write it to OUT/vlm. Interrupted, the same command goes on."""
    from shelfsight.models.encoders.names import EMBEDDED_FOLDER
    from shelfsight.training.vlm.run import train_vlm
    from shelfsight.training.vlm.settings import VlmSettings

    chosen = VlmSettings.model_validate_json(settings.read_text(encoding="utf-8") if settings else "{}")
    if threads is not None:
        chosen = chosen.model_copy(update={"threads": threads})
    try:
        click.echo(train_vlm(data, out, chosen, encoder=folder or EMBEDDED_FOLDER))
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@main.command()
@click.argument("folder", type=_EXISTING_FOLDER)
@click.option("--data", type=_EXISTING_FOLDER, required=True, help="Folder with fashion/, grocery/, clothing/.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the run lives.")
def calibrate(folder: Path, data: Path, out: Path) -> None:
    """Fit the probabilities and verdicts of the vision-language model in FOLDER on the validation split, in place."""
    from shelfsight.models import open_vlm
    from shelfsight.models.vlms.calibration import read_calibration, write_calibration
    from shelfsight.training.vlm.calibrate import fit_scales

    fitted = fit_scales(open_vlm(str(folder)), data, out)
    write_calibration(folder, replace(read_calibration(folder), scales=fitted.scales, source=fitted.source))
    click.echo(folder)


@main.command()
@click.argument("folder", type=_EXISTING_FOLDER)
@click.option("--data", type=_EXISTING_FOLDER, required=True, help="Folder with fashion/, grocery/, clothing/.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where a run lives.")
def examine(folder: Path, data: Path, out: Path) -> None:
    """Put to the encoder in FOLDER the questions of the validation split that training asks between epochs."""
    from shelfsight.training.examine import examine_encoder

    click.echo(json.dumps(examine_encoder(folder, data, out / "cache", EncoderSettings())))


@main.command()
@click.argument("shares", nargs=-1, required=True, metavar="FOLDER=SHARE...")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the mean.")
def average(shares: tuple[str, ...], out: Path) -> None:
    """Write the weighted mean of encoders that stem from one another, such as run/encoder=0.7 earlier/encoder=0.3."""
    from shelfsight.training.average import average_encoders

    try:
        chosen = {Path(folder): float(share) for folder, _, share in (each.rpartition("=") for each in shares)}
        click.echo(average_encoders(chosen, out).parent)
    except (OSError, ValueError) as error:
        raise click.UsageError(str(error)) from error


if __name__ == "__main__":
    main()
