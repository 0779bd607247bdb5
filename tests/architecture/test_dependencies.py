# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What we depend on: locked with hashes, and never a library that recognises people (control AI-01)."""

import re

import pytest

from tests.architecture.tree import ROOT, files, modules, project, texts

# Libraries and models that recognise faces, gaits, voices, emotions or plates. A town's cameras must not identify.
FORBIDDEN = (
    "face-recognition",
    "facenet", "insightface", "deepface", "dlib", "retinaface", "arcface", "mtcnn", "facexlib", "fer",
    "face-alignment", "openface", "mediapipe", "compreface", "uniface", "deep-person-reid", "torchreid", "opengait",
    "speechbrain", "pyannote", "resemblyzer", "openalpr", "easyocr", "fast-alpr", "fast-plate-ocr", "platerecognizer",
    "paddleocr", "tesserocr", "pytesseract", "ultralytics", "opencv-contrib-python", "rekognition",
)  # fmt: skip
MODEL_FILES = (".onnx", ".pt", ".pth", ".tflite", ".caffemodel", ".h5", ".safetensors", ".pb", ".engine", ".mlmodel")
LOCKS = ("runtime", "dev")
_NAME = re.compile(r"^([a-z0-9][a-z0-9-]*)==(\S+)", re.MULTILINE)


def _lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def _plain(requirement: str) -> str:
    return re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes(lock: str) -> None:
    """Each package of a lock file stands with one version and at least one SHA-256, and nothing else stands there."""
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", _lock(lock)).strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9-]+==\S+(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """Each dependency of pyproject.toml is locked: those of the product in runtime.txt, all of them in dev.txt."""
    groups = project()["dependency-groups"]
    runtime = {_plain(item) for item in project()["project"]["dependencies"] + groups["build"]}
    everything = runtime | {_plain(item) for group in groups.values() for item in group if isinstance(item, str)}
    assert runtime <= {name for name, _ in _NAME.findall(_lock("runtime"))}
    assert everything <= {name for name, _ in _NAME.findall(_lock("dev"))}


def test_the_two_locks_agree() -> None:
    """What is tested is what runs: dev.txt holds each version of runtime.txt."""
    assert set(_NAME.findall(_lock("runtime"))) <= set(_NAME.findall(_lock("dev")))


@pytest.mark.parametrize("lock", LOCKS)
def test_no_dependency_recognises_people(lock: str) -> None:
    """AI-01: no library for faces, gaits, voices, emotions or number plates is installed, even indirectly."""
    assert not recognisers(_lock(lock))


def test_a_face_library_would_be_noticed() -> None:
    """AI-01: the check above fails when somebody adds a known face-recognition package."""
    assert recognisers(_lock("runtime") + "\nface-recognition==1.3.0 \\\n    --hash=sha256:00\n") == [
        "face-recognition"
    ]


def test_no_module_imports_a_recogniser() -> None:
    """AI-01: no import of such a library hides in the product."""
    names = {word.replace("-", "_") for word in FORBIDDEN} | {"cv2", "torch", "tensorflow", "onnxruntime"}
    imports = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)
    found = {module.name: hits for module in modules() if (hits := names & set(imports.findall(module.text)))}
    assert not found, found


def test_no_model_is_shipped() -> None:
    """AI-01: the repository holds no file with the weights of a model."""
    found = [path.name for path in files() if path.suffix in MODEL_FILES]
    assert not found, found


def recognisers(lock: str) -> list[str]:
    """The forbidden names among the packages of a lock file."""
    return sorted({name for name, _ in _NAME.findall(lock)} & set(FORBIDDEN))


def test_locks_name_no_place_to_download_from() -> None:
    """A lock file says what, not from where: no index, no link, no address."""
    for name, text in texts():
        if name.startswith("requirements/"):
            assert not re.search(r"--(?:extra-)?index-url|--find-links|https?:|@ ", text), name
