#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""inferctl.py INFERD INFERCTL SAMPLES: the commands for people who run servers: new, fleet, top, doctor, logs, bench."""

import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

BINARY, INFERCTL, SAMPLES = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from certificates import Authority  # noqa: E402
from grpcio_support import Server  # noqa: E402
from http_support import http_port  # noqa: E402


def inferctl(*words, text=""):
    done = subprocess.run([INFERCTL, *map(str, words)], capture_output=True, text=True, input=text, timeout=60)
    return done.returncode, done.stdout, done.stderr


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        flags = [f"--model-repository={SAMPLES / 'models'}", "--http-port=0", "--http-address=127.0.0.1"]
        cls.server = Server(BINARY, *flags)
        cls.metrics = f"127.0.0.1:{http_port(cls.server)}"

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def good(self, *words, text=""):
        code, said, complaint = inferctl(*words, text=text)
        self.assertEqual(code, 0, complaint)
        return said

    def document(self, *words, text=""):
        return json.loads(self.good(*words, "--json", text=text))

    # --- new ---

    def test_a_file_becomes_a_model_that_is_served(self):
        repository, file = self.path / "new", SAMPLES / "models/digits/1/model.onnx"
        told = self.document("new", file, "--repository", repository, "--name", "mine")
        self.assertEqual((told["version"], told["config_written"], told["max_batch_size"]), (1, True, 64))
        config = (repository / "mine/config.pbtxt").read_text()
        self.assertIn("dims: [ 1, 8, 8 ]", config)
        self.assertEqual(self.document("new", file, "--repository", repository, "--name", "mine")["version"], 2)
        self.assertEqual((repository / "mine/config.pbtxt").read_text(), config)
        self.assertEqual(sorted(path.name for path in (repository / "mine").iterdir()), ["1", "2", "config.pbtxt"])
        server = Server(BINARY, f"--model-repository={repository}")
        self.assertIn("3", self.good("predict", "mine", "--server", server.target, "--input", SAMPLES / "digits/3.pgm", "--top", "1"))
        server.stop()

    def test_new_refuses_what_cannot_be_served(self):
        bad = self.path / "bad.onnx"
        bad.write_bytes(b"no model")
        file = SAMPLES / "models/digits/1/model.onnx"
        for words, text in (((bad, "--repository", self.path / "refused"), "bad.onnx"), ((file,), "--repository"),
                            ((file, "--repository", self.path / "refused", "--name", "../x"), "name")):
            code, _, complaint = inferctl("new", *words)
            self.assertEqual(code, 1)
            self.assertIn(text, complaint)
        self.assertFalse((self.path / "refused").exists())

    # --- fleet ---

    def test_a_fleet_of_equals_has_no_skew_and_another_is_told_of(self):
        alike = Server(BINARY, f"--model-repository={SAMPLES / 'models'}")
        other = self.path / "one"
        shutil.copytree(SAMPLES / "models/digits", other / "digits")
        less = Server(BINARY, f"--model-repository={other}")
        told = self.document("fleet", f"ipv4:{self.server.target},{alike.target}")
        self.assertEqual(told["skew"], [])
        self.assertEqual([replica["ready"] for replica in told["replicas"]], [True, True])
        self.assertEqual({model["name"] for model in told["replicas"][0]["models"]}, {"digits", "two_layer"})
        told = self.document("fleet", f"ipv4:{self.server.target},{less.target},127.0.0.1:1")
        self.assertIn(f"{less.target} does not serve two_layer version 2, others do", told["skew"])
        self.assertTrue(any(text.startswith("127.0.0.1:1 does not answer") for text in told["skew"]))
        said = self.good("fleet", f"ipv4:{self.server.target},{less.target}")
        self.assertIn("warning: ", said)
        alike.stop()
        less.stop()

    def test_a_fleet_without_a_name_says_so(self):
        code, _, complaint = inferctl("fleet", "nobody.invalid:8500", "--timeout", "5")
        self.assertEqual(code, 1)
        self.assertIn("nobody.invalid", complaint)

    # --- top ---

    def test_top_tells_rates_and_percentiles(self):
        load = subprocess.Popen([INFERCTL, "bench", "digits", "--server", self.server.target, "--duration", "4", "--json"],
                                stdout=subprocess.DEVNULL)
        told = self.document("top", "--metrics", self.metrics, "--interval", "1")
        load.wait(60)
        digits = next(version for version in told["versions"] if version["model"] == "digits")
        self.assertGreater(digits["requests_per_s"], 10)
        self.assertLessEqual(digits["p50_ms"], digits["p99_ms"])
        self.assertGreater(digits["weight_bytes"], 10000)
        idle = next(version for version in told["versions"] if version["model"] == "two_layer")
        self.assertEqual((idle["requests_per_s"], idle["p50_ms"]), (0, None))
        said = self.good("top", "--metrics", self.metrics, "--interval", "0.1", "--count", "2")
        self.assertEqual(said.count("calls/s"), 2)

    def test_ctrl_c_ends_top_and_gives_the_cursor_back(self):
        leader, follower = pty.openpty()
        top = subprocess.Popen([INFERCTL, "top", "--metrics", self.metrics, "--interval", "0.1"], stdout=follower, stderr=follower,
                               env=dict(os.environ, TERM="xterm"))
        os.close(follower)
        seen = b""
        while seen.count(b"calls/s") < 2:
            seen += os.read(leader, 4096)
        top.send_signal(signal.SIGINT)
        try:
            while chunk := os.read(leader, 4096):
                seen += chunk
        except OSError:
            pass  # its end is closed
        os.close(leader)
        self.assertEqual(top.wait(30), 0)
        self.assertIn(b"\x1b[?25l", seen)
        self.assertTrue(seen.rstrip().endswith(b"\x1b[?25h"))

    def test_top_of_nobody_says_so(self):
        code, _, complaint = inferctl("top", "--metrics", "127.0.0.1:1", "--count", "1")
        self.assertEqual(code, 1)
        self.assertIn("127.0.0.1:1", complaint)

    # --- bench ---

    SHORT = ("--duration", "0.2", "--warm-up", "0.05")

    def test_a_sweep_of_two_servers_is_a_table_and_pictures(self):
        other = Server(BINARY, f"--model-repository={SAMPLES / 'models'}")
        picture = self.path / "sweep.svg"
        both = ("--server", self.server.target, "--compare", other.target, *self.SHORT)
        told = self.document("bench", "digits", "--sweep", "--outstanding", "6", "--svg", picture, *both)
        self.assertEqual([(point["server"], point["outstanding"]) for point in told["points"]],
                         [(server, load) for server in (self.server.target, other.target) for load in (1, 2, 4, 6)])
        self.assertTrue(all(point["calls"] > 0 and point["failed"] == 0 for point in told["points"]))
        drawing = ElementTree.fromstring(picture.read_text())
        self.assertEqual(len(drawing.findall(".//{*}polyline")), 2 + 4)  # percentiles of two; p50 and p99 of two
        said = self.good("bench", "digits", *both)
        self.assertIn("%", said.splitlines()[2])  # the second against the first
        other.stop()

    def test_ctrl_c_ends_a_bench_with_what_was_measured(self):
        bench = subprocess.Popen([INFERCTL, "bench", "digits", "--server", self.server.target, "--duration", "3600", "--json"],
                                 stdout=subprocess.PIPE, text=True)
        self.server_is_asked()
        bench.send_signal(signal.SIGINT)
        said, _ = bench.communicate(timeout=30)
        self.assertEqual(bench.returncode, 0)
        self.assertLess(json.loads(said)["seconds"], 60)

    def server_is_asked(self):
        """Waits until some client's calls are under way."""
        def is_asked():
            told = self.document("top", "--metrics", self.metrics, "--interval", "0.2")
            return any(row["requests_per_s"] > 0 for row in told["versions"])
        while not is_asked():
            pass

    def test_bench_refuses_a_sweep_of_a_rate(self):
        self.assertEqual(inferctl("bench", "digits", "--server", self.server.target, "--sweep", "--rate", "5")[0], 1)

    # --- doctor ---

    def test_doctor_finds_what_is_wrong_and_says_what_to_do(self):
        repository = self.path / "sick"
        shutil.copytree(SAMPLES / "models/digits", repository / "well")
        (repository / "well/config.pbtxt").unlink()
        (repository / "empty").mkdir()
        (repository / "typo").mkdir()
        (repository / "typo/config.pbtxt").write_text("max_batchsize: 4\n")
        (repository / "broken/1").mkdir(parents=True)
        (repository / "broken/1/model.onnx").write_bytes(b"no model")
        pem, _ = Authority(self.path, "doctor-ca").issue_server("doctor-server")
        told = self.document("doctor", repository, "--server", self.server.target, "--timeout", "5")
        models = {item["found"].split(":")[0].split(" ")[0]: item for item in told["findings"] if item["what"] == "model"}
        self.assertEqual({name: item["level"] for name, item in models.items()},
                         {"well": "good", "empty": "bad", "typo": "bad", "broken": "bad"})
        self.assertIn("max_batchsize", models["typo"]["found"])
        self.assertTrue(all(item.get("advice") for item in told["findings"] if item["level"] != "good"))
        self.assertEqual(told["bad"], 3)
        server = next(item for item in told["findings"] if item["what"] == "server")
        self.assertEqual(server["level"], "good")
        told = self.document("doctor", "--cert", pem, "--server", "127.0.0.1:1", "--timeout", "5")
        certificate = next(item for item in told["findings"] if item["what"] == "certificate")
        self.assertEqual(certificate["level"], "warning")  # it is made for two days
        self.assertRegex(certificate["found"], "valid for [12] days")

    # --- logs ---

    LOG = ('time=2026-11-25T16:36:03.891Z level=info event=ready models=2\n'
           'prefix time=2026-11-25T16:36:04.000Z level=warn event=version_failed model="a" reason="bad \\"file\\" x"\n'
           'time=2026-11-25T16:36:05.000Z level=info event=version_available model="b" version=1\n'
           'Segmentation fault\n')

    def test_logs_are_filtered_and_become_json(self):
        rows = [json.loads(line) for line in self.good("logs", "--json", "--level", "warn", text=self.LOG).splitlines()]
        self.assertEqual([(row["event"], row["reason"]) for row in rows], [("version_failed", 'bad "file" x')])
        self.assertIn("version=1", self.good("logs", "--model", "b", text=self.LOG))
        self.assertNotIn("ready", self.good("logs", "--model", "b", text=self.LOG))
        self.assertIn("Segmentation fault", self.good("logs", text=self.LOG))
        self.assertEqual(inferctl("logs", "--level", "loud", text=self.LOG)[0], 1)

    def test_logs_follow_a_file_that_grows(self):
        file = self.path / "growing.log"
        file.write_text(self.LOG)
        follower = subprocess.Popen([INFERCTL, "logs", file, "--follow", "--event", "late"], stdout=subprocess.PIPE, text=True)
        with file.open("a") as log:
            log.write("time=2026-11-25T16:36:06.000Z level=info event=late\n")
        self.assertIn("late", follower.stdout.readline())
        follower.send_signal(signal.SIGINT)
        self.assertEqual(follower.wait(30), 0)
        follower.stdout.close()

    # --- all of them ---

    def test_every_command_of_the_help_has_help(self):
        commands = re.findall(r"^  ([a-z]+) ", self.good("help").split("commands:\n")[1].split("\n\n")[0], re.MULTILINE)
        self.assertIn("fleet", commands)
        for command in commands:
            self.assertIn(f"usage: inferctl {command}", self.good(command, "--help"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
