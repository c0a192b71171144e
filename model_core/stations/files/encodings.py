"""The encoding of a text file, judged by what the decoded text would say.

Libraries that guess encodings need more text than a header and a few names: on single words they take Polish for French or
Chinese for UTF-16. A table's few words do tell the common encodings apart by one simple law: in the right one all letters
belong to the alphabet of one language. `charset_normalizer` is asked only where no such language is found.
"""

from __future__ import annotations

import codecs
import re

# Letters beyond ASCII of languages that share an encoding; one language explains all letters of a table, or nearly.
_LATIN = {
    "cp1252": [
        "äöüß",
        "àâæçéèêëîïôœùûüÿ",
        "áéíñóúü",
        "áâãàçéêíóôúü",
        "àèéìíòóù",
        "åäöæøéü",
        "éëïöüèê",
        "áéíóúþæöð",
        "àçèéíïòóúü",
        "äöõüšž",
    ],
    "cp1250": ["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß"],
    "cp1254": ["çğıİöşüâî"],
    "cp1257": ["ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"],
    "cp1251": ["абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдђежзијклљмнњопрстћуфхцчџш"],
    "cp1253": ["αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ"],
    "mac_roman": ["äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "åäöæøéü"],
    "cp850": ["äöüß", "àâæçéèêëîïôùûüÿ", "áéíñóúü", "åäöæøéü"],
    "iso8859_2": ["ąćęłńóśźż", "áčďéěíňóřšťúůýž"],
    "cp852": ["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áéíóöőúüű"],
    "koi8_r": ["абвгдеёжзийклмнопрстуфхцчшщъыьэюя"],
    "cp866": ["абвгдеёжзийклмнопрстуфхцчшщъыьэюя"],
}
_SIGNS = set("°µμ²³¹·±§%–—‘’“”„«»ºª€£×½…№ ")
# A word with what is beyond ASCII in it.
_BEYOND_ASCII = re.compile(r"(?:[^\W\d_]|[^\x00-\x7f])*[^\x00-\x7f](?:[^\W\d_]|[^\x00-\x7f])*")
# Characters that tables of China, in either script, are full of.
_COMMON_HANZI = set(
    "站点监测编号名称城市省区县经纬度日期时间浓度微克立方米毫升空气质量指数风速向温湿相对均值小平年月日东南西北中上下州海江河湖山京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼"
    "川渝贵云滇藏陕甘青宁新疆港澳台广门杭武汉成都安天长沙石家庄太原沈阳春哈尔滨合肥福厦昌济郑庆昆明拉萨银乌木齐大学园公路局政府环保街道镇村院校地国控类型主要染物状态数据所属位置平台"
    "監測縣區經緯濃風溫濕氣質細懸浮顆粒臺灣東廣門長慶雲陽國環學"
)


def ranked(sample: bytes) -> list[str]:
    """Encodings of a text that is not UTF-8, the most plausible first; those that can't be are left out.

    Parameters
    ----------
    sample : words of the text that hold bytes beyond ASCII
    """
    order = ["gb18030", *_LATIN, "big5", "cp932", "cp949", "euc_jp"]
    scores = {encoding: score for encoding in order if (score := plausibility(sample, encoding)) > 0}
    best = sorted(scores, key=lambda encoding: -round(scores[encoding], 2))  # equals stay in their order
    if not best or scores[best[0]] < 0.6:
        best = [*_other(sample), *best]
    return best


def plausibility(sample: bytes, encoding: str) -> float:
    """Share of the characters beyond ASCII, 0 to 1, that text in this encoding would have, in the one language that fits best."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    if encoding in _LATIN:
        alphabets = _LATIN[encoding]
        # Tables of several countries have letters of several languages, which is a little less likely.
        return max(0.9 * _fit(text, "".join(alphabets)), *(_fit(text, alphabet) for alphabet in alphabets))
    return _mean([_EAST_ASIAN[encoding](sign) for sign in text if not sign.isascii()])


def _mean(weights: list[float]) -> float:
    return sum(weights) / len(weights) if weights else 0.0


def _fit(text: str, alphabet: str) -> float:
    """How well the characters beyond ASCII stand where they stand, 0 to 1, in a language with this alphabet."""
    weights = []
    for match in _BEYOND_ASCII.finditer(text):
        word = match.group()
        signs = [sign for sign in word if not sign.isascii()]
        letters = "".join(sign for sign in word if sign not in _SIGNS)
        # In a word letters are of one script, and capitals stand first or everywhere; signs stand at its ends.
        other_script = alphabet[0] in "αа"
        mixed = other_script and any(sign.isascii() for sign in letters)
        # The bytes of Greek and Russian capitals are those of the usual Chinese characters, which are the more likely.
        likely = 0.8 if other_script and letters.isupper() else 1.0
        cased = letters.islower() or letters.isupper() or letters[1:].islower() or len(letters) < 2
        inside = set(word[1:-1]) & _SIGNS - set("’‘³²") - ({"·"} if "g·m" in word or "l·l" in word else set())
        for sign in signs:
            if sign in _SIGNS:
                weights.append(0.0 if sign in inside or (sign in "³²" and not re.search(f"(?:m|^){sign}", word)) else 1.0)
            else:
                known = sign.lower() in alphabet or sign in alphabet or ("ã" in alphabet and f"{sign}e" in word and sign in "õÕ")
                weights.append((1.0 if known else 0.2) * (0.0 if mixed else likely if cased else 0.3))
    return _mean(weights)


def _chinese(sign: str) -> float:
    if sign in _COMMON_HANZI:
        return 1.0
    return _by_rank(sign, "gb2312", 0xB0, 0xD7)


def _taiwanese(sign: str) -> float:
    return 1.0 if sign in _COMMON_HANZI else _by_rank(sign, "big5", 0xA4, 0xC6)


def _japanese(sign: str) -> float:
    if "\u3040" <= sign <= "\u30ff":
        return 0.95
    return _by_rank(sign, "shift_jis", 0x88, 0x97)


def _korean(sign: str) -> float:
    if "\uac00" <= sign <= "\ud7a3":
        return 1.0 if len(_bytes(sign, "euc_kr")) == 2 else 0.2
    return 0.3 if "\u4e00" <= sign <= "\u9fff" else _symbol(sign)


_EAST_ASIAN = {"gb18030": _chinese, "big5": _taiwanese, "cp932": _japanese, "euc_jp": _japanese, "cp949": _korean}


def _by_rank(sign: str, standard: str, first: int, last: int) -> float:
    """National standards list the characters in daily use first: those with a leading byte from `first` to `last`."""
    if "\u4e00" <= sign <= "\u9fff":
        code = _bytes(sign, standard)
        return 0.1 if not code else 0.85 if first <= code[0] <= last else 0.5
    return _symbol(sign)


def _symbol(sign: str) -> float:
    """Punctuation, full-width forms and signs of units; not private, half-width or foreign letters."""
    if sign in _SIGNS or "\u3000" <= sign <= "\u301f" or "\uff01" <= sign <= "\uff5e" or "\u3380" <= sign <= "\u33df" or sign in "℃％①②③":
        return 1.0
    return 0.1


def _bytes(sign: str, encoding: str) -> bytes:
    return sign.encode(encoding, "ignore")


def _other(sample: bytes) -> list[str]:
    """What `charset_normalizer` takes it for."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return [] if best is None or codecs.lookup(best.encoding).name.startswith(("utf-16", "utf-32", "utf-7")) else [best.encoding]
