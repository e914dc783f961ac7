"""Papers about one topic in two themes, written for these tests; they describe no real paper."""

from __future__ import annotations

import json
from pathlib import Path

TOPIC = "lighthouse logs"

READING = [  # how the handwriting of the keepers is read
    {
        "title": "Wick: Handwriting Recognition for Lighthouse Logs",
        "authors": ["Ada Quill", "Ben Marsh"],
        "year": 2019,
        "doi": "10.5555/wick.1",
        "abstract": (
            "Lighthouse logs were kept by hand for two centuries. We present Wick, a handwriting "
            "recognition model for lighthouse logs. Wick reads 88% of the words of 40 keepers. "
            "Faded ink causes most errors of handwriting recognition."
        ),
    },
    {
        "title": "Five Pages Are Enough: Handwriting Recognition for One Lighthouse's Logs",
        "authors": ["Cora Finch"],
        "year": 2021,
        "abstract": (
            "Each lighthouse keeper wrote in another hand. We adapt handwriting recognition to one "
            "keeper's lighthouse logs with five pages. The character error rate falls from 19% to "
            "7%. More than twenty pages add nothing."
        ),
    },
    {
        "title": "Ink and Salt: Handwriting Recognition of Damaged Lighthouse Logs",
        "authors": ["Dev Osei"],
        "year": 2022,
        "abstract": (
            "Salt water has damaged many lighthouse logs. We restore the images before handwriting "
            "recognition. Restoration halves the errors on 900 damaged pages. Pages with mould "
            "stay unreadable for handwriting recognition."
        ),
    },
]
FORECASTING = [  # what is forecast from the weather they noted
    {
        "title": "Fog Forecasting from Lighthouse Logs",
        "authors": ["Ewa Lind"],
        "year": 2020,
        "abstract": (
            "Keepers noted fog in lighthouse logs every four hours. We use 60 years of logs for "
            "fog forecasting. Forecasts one day ahead are right in 81% of cases. Fog forecasting "
            "from satellites alone is right in 70%."
        ),
    },
    {
        "title": "Storm and Fog Forecasting with Two Centuries of Lighthouse Logs",
        "authors": ["Finn Oaks", "Ewa Lind"],
        "year": 2023,
        "abstract": (
            "Notes of weather in lighthouse logs reach back two centuries. We train a model for "
            "storm and fog forecasting on them. It warns of storms nine hours ahead. Fog "
            "forecasting gains four points from notes written before 1900."
        ),
    },
    {
        "title": "How Far Can Lighthouse Logs Be Trusted for Fog Forecasting?",
        "authors": ["Gwen Orme"],
        "year": 2024,
        "abstract": (
            "Keepers sometimes invented the weather in lighthouse logs. We compare them with "
            "the logs of ships. One in thirty entries was invented, mostly on holidays. Leaving "
            "them out improves fog forecasting by two points."
        ),
    },
]
OTHERS = [
    {
        "title": "A Corpus of Recipes for Hospital Kitchens",
        "authors": ["Dina Holt"],
        "year": 2019,
        "abstract": (
            "Hospital kitchens cook for people with allergies. We label 7,400 recipes for fourteen "
            "allergens. Two dieticians agreed on 97% of the labels."
        ),
    },
    {
        "title": "Counting Syllables Is Enough for Folk Song Metre",
        "authors": ["Oto Renn"],
        "year": 2015,
        "abstract": (
            "We classify the metre of 3,100 folk songs. A model that only counts syllables reaches "
            "88% accuracy. Stress marks add less than one point."
        ),
    },
]


def write_papers(path: Path) -> Path:
    """All of the papers as JSON Lines."""
    papers = READING + FORECASTING + OTHERS
    path.write_text("".join(json.dumps(p) + "\n" for p in papers), encoding="utf-8")
    return path
