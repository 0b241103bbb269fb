"""Who the demo's end users are: names from many places, none of them anybody's."""

import unicodedata
from random import Random

_GIVEN = (  # noqa: SIM905 - a list of words reads best as words.
    "Ada Alan Alma Amara Amir Anaïs Anton Aroha Astrid Ayşe Barbara Björn Camila Carlos Chen "
    "Chloé Daichi Dalia Diego Edsger Elif Emeka Emma Esra Farah Fatima Félix Femi Freya "
    "Giulia Grace Guido Hana Hedy Hugo Ibrahim Irene Ingrid Ivan Jamal Jin Joana Jonas Kaito "
    "Karim Katherine Keiko Kofi Lakshmi Lars Leïla Lena Liam Linus Lucía Maja Malik Marek "
    "María Mateo Mei Mina Mohammed Naomi Nia Nikola Noah Nour Olga Omar Oskar Paloma Pavel "
    "Priya Radia Rafael Rania Ravi Rosa Sakura Samira Sana Santiago Sean Shafi Sofia Søren "
    "Sunita Tariq Tereza Thandi Théo Tove Valentina Viktor Wanjiru Wei Yara Yuki Yusuf Zainab "
    "Zofia Zoë"
).split()
_FAMILY = (  # noqa: SIM905 - a list of words reads best as words.
    "Achebe Adeyemi Ahmed Almeida Andersen Bakker Banerjee Baptiste Becker Bianchi Bjarnason "
    "Bondar Brown Castillo Chang Cohen Costa Dahl Dubois Diallo Eriksen Fernández Fischer "
    "Fofana Fontaine Fujita García Goldberg González Gupta Haddad Halvorsen Hansen Hernández "
    "Horvat Ibáñez Ito Ivanova Jansen Johansson Kamau Kaya Keller Khan Kim Kowalski Kumar "
    "Lamarr Larsen Lee Leroy Lindqvist López Lovelace Mahmoud Mensah Meyer Moreau Moretti "
    "Müller Mwangi Nakamura Ndiaye Németh Nguyen Nielsen Novák Nowak Bálint Okafor Olsen "
    "Ortiz Osei Park Patel Pereira Petrov Popescu Rahman Ricci Rojas Rossi Sato Schmidt "
    "Sharma Silva Singh Smith Suzuki Svensson Takeda Tanaka Thomas Torres Turing Virtanen "
    "Wang Weber Williams Yamada Yildiz Zhang Zhou"
).split()
_WRITTEN_OTHERWISE = (
    "محمد الفارسي", "שירה לוי", "中村 さくら", "Олена Шевченко", "李 明", "Αθηνά Παππά", "김 서연",
    "Ada 🚀", "Konstantin-Alexander Freiherr von und zu Hohenstein-Sonnenburg",
)  # fmt: skip
"""Right to left, without Latin letters, long, and with a picture: every page must bear them."""

_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "lab.example.org")
_SHARE_WRITTEN_OTHERWISE = 0.006
_SHARE_UNKNOWN = 0.05
"""Users of whom the developer told us nothing but an id."""


def make_person(random: Random, number: int) -> tuple[str | None, str | None]:
    """Make up a name and an address; both None for somebody who is only an id."""
    if random.random() < _SHARE_UNKNOWN:
        return None, None
    domain = random.choice(_DOMAINS)
    if random.random() < _SHARE_WRITTEN_OTHERWISE:
        return random.choice(_WRITTEN_OTHERWISE), f"person{number}@{domain}"
    given, family = random.choice(_GIVEN), random.choice(_FAMILY)
    return f"{given} {family}", f"{_plain(given)}.{_plain(family)}{number}@{domain}"


def _plain(name: str) -> str:
    """Reduce a name to what every mail server takes: ASCII letters, lower case."""
    spelled = name.replace("ø", "o")
    decomposed = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in decomposed.lower() if "a" <= letter <= "z")
