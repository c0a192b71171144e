"""Every language says everything: catalogues are complete, no text of the plugin escapes them, and messages keep what they name."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core import labels_font, language
from model_core.card.blocks import Bullets, Code, Picture, Table
from model_core.card.contents import page_of
from model_core.cli import main
from model_core.language.labels import say_labels
from model_core.language.translator import Translator
from model_core.model_file import find_model, load_model

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import translatable  # noqa: E402  found in tools
import update_translations  # noqa: E402

LANGUAGES = sorted(path.name for path in update_translations.I18N.iterdir() if path.is_dir())
# Where words in a row are no words for people, or for other people than the plugin's users.
ELSEWHERE = {
    "plugin/field_names.py": "names of fields as tables have them",
    "plugin/stations.py": "names of fields, and expressions of QGIS",
    "plugin/engine/environment.py": "code for another Python, and the help of the set-up's command line",
    "plugin/engine/base_python.py": "code for another Python",
    "plugin/engine/locate.py": "code for another Python",
    "plugin/engine/locked.py": "code for another Python",
    "plugin/engine/installer.py": "what pip says",
    "plugin/engine/process.py": "what a child process says",
    "plugin/engine/windows_faults.py": "what Windows says",
    "plugin/report.py": "names of scores and methods, translated where they are shown",
    "plugin/layers/points.py": "an expression of QGIS",
    "plugin/layers/series.py": "a unit of CF",
}
NOT_FOR_USERS = {
    "{index}, {table}, limits for {mean} means",
    "other day",
    "outside the period",
    "engine: not ready; the managed environment is {state}",
    "QGIS {QGIS_VERSION}, Qt {QT_VERSION_STR}, Python {platform}, {platform2}",
    "QGIS {QGIS_VERSION}, Python {platform}, {platform2}",
    "NetCDF, GeoTIFF (*.nc *.ncf *.nc4 *.tif *.tiff);;{ANY_FILE}",
    "CTM Reanalysis",
    "{length} km",
}
# Whose texts a user sees whatever they are.
SHOWN = {
    "pushInfo",
    "pushWarning",
    "reportError",
    "setProgressText",
    "setToolTip",
    "setText",
    "setWindowTitle",
    "setPlaceholderText",
    "setTitle",
    "setStatusTip",
    "setDescription",
    "pushMessage",
    "QLabel",
    "QAction",
    "QPushButton",
    "QCheckBox",
    "QRadioButton",
    "QGroupBox",
    "QMenu",
    "QDockWidget",
    "QgsProcessingException",
    "addRow",
}


@pytest.fixture
def chinese():
    """The engine of this process speaks Chinese."""
    language.use("zh-Hans")
    yield language.say
    language.use("")


@pytest.mark.parametrize("name", LANGUAGES)
def test_catalogues_hold_every_text_and_no_other_with_its_placeholders(name):
    """What is missing is written, ready to be filled, by tools/update_translations.py."""
    for file, texts in (("plugin.json", translatable.plugin_texts()), ("engine.json", translatable.engine_texts())):
        assert update_translations.faults(update_translations.read(update_translations.I18N / name / file), texts) == []


def test_chinese_is_written_in_chinese():
    catalogue = update_translations.read(update_translations.I18N / "zh_CN" / "engine.json")
    catalogue |= update_translations.read(update_translations.I18N / "zh_CN" / "plugin.json")
    latin = {text for text, said in catalogue.items() if not re.search("[\u4e00-\u9fff]", said)}
    assert {text for text in latin if re.search("[a-z]{2}", translatable.PLACEHOLDER.sub("", text))} <= ONLY_NAMES
    assert not [said for said in catalogue.values() if set(said) & set("體網經測濕風數誤選擇")], "traditional letters"


# Texts that are made of names and signs alone.
ONLY_NAMES = {
    "CTM, {key}",
    "NMB, {names}",
    "PointConv\n{first}×{first2}, {second}×{second2}",
    "RMSE ({unit})",
    "RMSE, {name}",
    "Spearman = {spearman}",
    "card.training.data: {name}",
    "cuda ({cuda})",
    "on {date}",
    "{card} by {card2}",
    "{temperature_k} K and {pressure_pa} hPa",
}


def texts_outside_tr(path: Path):
    """(node, text) of the literals of a file that do not go through ``tr``, less tags, keys of dictionaries and what is no word."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set(translatable._not_shown(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr":
            skipped |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.Dict):
            skipped |= {id(key) for key in node.keys}
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "TAGS":
            skipped |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) not in skipped and (isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield node, translatable.template(node) if isinstance(node, ast.JoinedStr) else node.value


@pytest.mark.parametrize("path", sorted((ROOT / "plugin").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_text_of_the_plugin_escapes_translation(path):
    name = path.relative_to(ROOT).as_posix()
    outside = {id(node): text for node, text in texts_outside_tr(path)}
    in_a_row = (
        []
        if name in ELSEWHERE
        else [
            text
            for text in outside.values()
            if translatable.reads_like_words(text) and not translatable.PLACEHOLDER.fullmatch(text.partition(": ")[2])
        ]
    )
    shown = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if called in SHOWN or called.startswith(("QgsProcessingParameter", "QgsProcessingOutput")):
            arguments = node.args[1:2] if called.startswith(("QgsProcessingP", "QgsProcessingO")) else node.args
            shown += [text for argument in arguments for text in literals_with_words(argument)]
    assert [text for text in in_a_row + shown if text not in NOT_FOR_USERS] == []


def literals_with_words(node: ast.AST) -> list[str]:
    """Literals of an argument that hold a word and are not inside a ``tr`` or another call."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if any(part.isalpha() and len(part) > 1 for part in node.value.split()) else []
    if isinstance(node, ast.JoinedStr):
        return [text for value in node.values for text in literals_with_words(value)]
    if isinstance(node, ast.IfExp):
        return literals_with_words(node.body) + literals_with_words(node.orelse)
    if isinstance(node, ast.BinOp):
        return literals_with_words(node.left) + literals_with_words(node.right)
    return []


ENGINE = update_translations.read(update_translations.I18N / "zh_CN" / "engine.json")
SPEAKER = Translator(ENGINE)
NAMES = st.text("abcXYZ018_站é", min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(text for text in ENGINE if translatable.PLACEHOLDER.search(text))), st.data())
def test_a_message_keeps_the_names_that_it_is_about(text, data):
    """Whatever stands for a placeholder comes out again, and no placeholder is left."""
    values = {}

    def value(match):
        values[match.start()] = data.draw(NAMES)
        return values[match.start()]

    said = SPEAKER(translatable.PLACEHOLDER.sub(value, text))
    assert not translatable.PLACEHOLDER.search(said)
    needed = translatable.placeholders(text)
    if len(needed) == len(translatable.placeholders(text, all_of_them=True)):
        assert all(name in said for name in values.values())


@settings(max_examples=50, deadline=None)
@given(st.text("abcdefgh ,.;:()'{}/\\\n0189站", max_size=80))
def test_what_no_template_fits_stays_as_it_is_or_at_least_comes_back(text):
    assert Translator({})(text) == text
    assert isinstance(SPEAKER(text), str)


@pytest.mark.parametrize(
    "locale, name",
    [
        ("zh", "zh_CN"),
        ("zh_CN", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("zh_Hans_CN", "zh_CN"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_SG", "zh_CN"),
        ("zh_TW", ""),
        ("zh-Hant", ""),
        ("zh_HK", ""),
        ("en_GB", ""),
        ("fr", ""),
        ("C", ""),
        ("", ""),
    ],
)
def test_which_locale_speaks_which_language(locale, name):
    try:
        assert language.use(locale) == name
    finally:
        language.use("")


def test_names_of_fields_stay_and_sentences_are_told_apart(chinese):
    assert chinese("layer has no field 'day'") == "layer has no field 'day'"
    said = chinese("'s.csv' has no column 'time'; it has day, hour, value")
    assert said == "“s.csv”没有列“time”；它有 day, hour, value"
    assert chinese("PM2.5: 60 of 128 readings used; dropped: 68 other day") == "PM2.5：128 条读数中采用 60 条；舍去：68 其他日子"


@pytest.mark.parametrize(
    "message, said",
    [
        (
            "analysis step: of the network's correction 90% near readings and 5% far from them (the model's own 75% and 0%); kriging with elevation, urban; "
            "interval width x 1.02 near, x 1.08 far (left-out RMSE chosen 21.7, model 22, kriging 23.3; 114 cells of 1 day)",
            "分析步骤：采用网络校正的份额：读数附近 90%，远处 5%（模型自身为 75% 和 0%）；用 elevation, urban 作克里金；"
            "区间宽度：近处 × 1.02，远处 × 1.08（留出 RMSE 选定 21.7，模型 22，克里金 23.3；1 天的 114 个单元）",
        ),
        (
            "Exposure to PM2.5: mean of 10 fields from 2019-01-10 to 2019-01-19\n12 of 31 polygons, those with most people",
            "PM2.5：10 个场的平均，2019-01-10 至 2019-01-19 的暴露\n31 个多边形中人口最多的 12 个",
        ),
        (
            "PM2.5 at 180 stations, 2019-01-10 to 2019-01-19\n3 folds, stations left out at random; model “own”",
            "180 个站点的PM2.5，2019-01-10 至 2019-01-19\n3 折，随机留出站点；模型“own”",
        ),
    ],
)
def test_what_is_put_together_from_pieces_is_taken_apart_at_its_brackets_lines_and_clauses(chinese, message, said):
    assert chinese(message) == said


def test_an_error_of_the_command_line_in_chinese(chinese, tmp_path, capsys):
    table = tmp_path / "table.csv"
    table.write_text("station,lon,lat,value\nA,110,30,12\n")
    assert (
        main(["grid-stations", "--stations", str(table), "--value", "pm10", "--grid", "china12km", "--out", str(tmp_path / "o.tif")]) == 1
    )
    assert "没有列“pm10”" in capsys.readouterr().err


def test_labels_of_a_figure_are_chinese_where_a_font_has_the_letters_and_else_english(chinese):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.set(xlabel="Distance (km)", title="Highest cell\n(µg m⁻³)")
    axes.set_xticks([0, 1], ["Jan", "A1"])
    axes.set_ylabel("Mean PM$_{2.5}$ (µg m⁻³)")
    panel = axes.text(0, 0, "(b) Elevation (m)")
    english = ["Distance (km)", "Highest cell\n(µg m⁻³)", "Mean PM$_{2.5}$ (µg m⁻³)", "(b) Elevation (m)", "Jan", "A1"]
    speaks = say_labels(figure)
    found = [
        axes.get_xlabel(),
        axes.get_title(),
        axes.get_ylabel(),
        panel.get_text(),
        *(label.get_text() for label in axes.get_xticklabels()),
    ]
    assert found == (["距离（km）", "最高单元\n(µg m⁻³)", "PM2.5 平均（µg m⁻³）", "(b) 高程（m）", "1 月", "A1"] if speaks else english)


def test_a_font_that_was_installed_after_the_first_picture_is_found(monkeypatch):
    """matplotlib keeps the list of fonts that it made once."""
    from matplotlib import font_manager

    letter = "距"
    having = [file for file in font_manager.findSystemFonts() if ord(letter) in labels_font._letters_of(file)]
    if not having:
        pytest.skip("no font of this machine has Chinese letters")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [f for f in font_manager.fontManager.ttflist if f.fname not in having])
    labels_font._found_new_fonts.cache_clear()
    assert labels_font.font_family([letter])


def test_english_stays_as_it_is():
    assert language.use("en_US") == ""
    assert language.say("'fields' is missing") == "'fields' is missing"


@pytest.mark.parametrize("name", ["bundled", "paper"])
def test_the_card_of_a_shipped_model_is_chinese(chinese, name):
    """All of it: what was tried, the scores, and what the recipe's scripts put there."""
    model = load_model(find_model(name))
    page = page_of(model, Path(find_model(name)), with_pictures=False)
    texts = [page.title, page.lead, *(text for block in page.blocks for text in texts_of(block))]
    assert len(texts) > 200
    inputs = {*model.configuration.station_variables, *model.configuration.maps}  # named as options name them
    texts = [text for text in texts if not set(text.split(", ")) <= inputs]
    left = {text: chinese(text) for text in texts if re.search(r"[A-Za-z]{3,}[:,]? [a-z]{2,}", without_names(chinese(text)))}
    assert left == {}


def texts_of(block) -> list[str]:
    """What a block of a card says, less configuration and commands."""
    if isinstance(block, Table):
        return [cell for row in (block.header or (), *block.rows) for cell in row]
    if isinstance(block, Picture):
        return [block.caption]
    return [] if isinstance(block, Code) else list(block.items) if isinstance(block, Bullets) else [block.text]


def without_names(said: str) -> str:
    """Less what is a name: quotations, the numbers of a configuration, files, and the command that makes a model."""
    return re.sub(r"“[^”]*”|`[^`]*`|[\[{].*[\]}]|\S+/\S+|make model|--analysis auto|[\w+]+ by CTM Reanalysis.*", "", said)


def test_figures_of_a_card_are_the_same_in_chinese():
    """A sentence whose figures change is a new text, and a translation with other figures than its sentence is wrong."""
    texts = [text for file, text in translatable._texts_of_data(ROOT) if file.startswith("resources/recipes")]
    assert sum(bool(figures_in(text)) for text in texts) > 40
    months = {str(number) for number in range(1, 13)}  # Chinese names them by their numbers
    wrong = {
        text: said for text in texts if (said := ENGINE.get(text)) and not figures_in(text) <= figures_in(said) <= figures_in(text) | months
    }
    assert wrong == {}


def figures_in(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))
