#!/usr/bin/env python3
"""A trainer that keeps docs/trainer-contract.md, with Python's standard library only: it fits a straight line by gradient descent.
TRAINER_STEPS, TRAINER_COMMIT_EVERY and TRAINER_STEP_SECONDS set its pace. As real trainers do, it trains on while its store is out of reach.
"""
import hashlib, itertools, json, os, random, secrets, signal, struct, sys, time
from urllib.parse import unquote, urlparse

EPOCH_OVER, CORRUPT, TERMINATED = 86, 87, 143
STATE = struct.Struct("<qdddd")  # step, slope, offset, and the momentum of both


def path_of(name):
    return unquote(urlparse(os.environ.get(name, "")).path).rstrip("/")


UID, EPOCH, NONCE = os.environ["FAILOVER_UID"], int(os.environ["FAILOVER_EPOCH"]), secrets.token_hex(8)
FOLDER, RESUME, HEARTBEAT = path_of("FAILOVER_CHECKPOINT_URI"), path_of("FAILOVER_RESUME_URI"), path_of("FAILOVER_HEARTBEAT_URI")
ROOT = os.path.dirname(FOLDER)
STEPS, COMMIT_EVERY = int(os.environ.get("TRAINER_STEPS", 1000)), int(os.environ.get("TRAINER_COMMIT_EVERY", 50))
STEP_SECONDS, HEARTBEAT_SECONDS = float(os.environ.get("TRAINER_STEP_SECONDS", 0.1)), float(os.environ.get("FAILOVER_HEARTBEAT_SECONDS") or 5)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write_temporary(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = os.path.join(os.path.dirname(path), ".tmp-" + secrets.token_hex(8))
    with open(temporary, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def create(path, content):
    """Creates a file whole, durably and if absent; False where the name is taken."""
    temporary = write_temporary(path, content)
    try:
        os.link(temporary, path)
        return True
    except FileExistsError:
        return False
    finally:
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        os.unlink(temporary)


def load(root, epoch, slot):
    """A commit and its state; ends the process where the epoch is over, or where a file is not what the commit says."""
    try:
        if (content := read(f"{root}/e{epoch}/commits/{slot}")).startswith(b"SEALED"):
            sys.exit(EPOCH_OVER if epoch == EPOCH else CORRUPT)  # Where to resume from, a seal is as good as nothing.
        commit = json.loads(content)
        (file,) = commit["files"]
        content = read(f"{root}/{file['path']}")
        if (len(content), hashlib.sha256(content).hexdigest()) == (file["sizeBytes"], file["sha256"]):
            return commit, list(STATE.unpack(content))
    except (ValueError, KeyError, FileNotFoundError, struct.error) as error:
        print(f"commit e{epoch}/{slot}: {error}", file=sys.stderr)
    sys.exit(CORRUPT)


class Run:
    def __init__(self):
        self.attempt = next(k for k in itertools.count() if create(f"{FOLDER}/a{k}/claim", json.dumps({"nonce": NONCE}).encode()))
        self.state, self.next_slot, self.next_try, self.beaten = [0, 0.0, 0.0, 0.0, 0.0], 0, 0.0, 0.0
        self.resumed_from = self.parent = self.parent_provenance = self.committed = None
        names = os.listdir(f"{FOLDER}/commits") if os.path.isdir(f"{FOLDER}/commits") else []
        if slots := [int(name) for name in names if name.isdigit()]:  # Our own epoch's newest commit comes first.
            self.resume(ROOT, EPOCH, max(slots))
            self.next_slot, self.committed = max(slots) + 1, self.state[0]
        elif RESUME:
            root, epoch, _, slot = RESUME.rsplit("/", 3)
            self.resume(root, int(epoch[1:]), int(slot))

    def resume(self, root, epoch, slot):
        commit, self.state = load(root, epoch, slot)
        self.resumed_from, self.parent_provenance = {"epoch": epoch, "commit": slot}, commit["provenance"]
        self.parent = self.resumed_from

    def train_step(self):
        step, slope, offset, slope_momentum, offset_momentum = self.state
        data = random.Random(step)  # The data depend on the step alone, so that a resumed run sees what it would have seen.
        x = data.uniform(-1, 1)
        error = slope * x + offset - (3 * x + 1 + data.gauss(0, 0.1))
        slope_momentum, offset_momentum = 0.9 * slope_momentum + error * x, 0.9 * offset_momentum + error
        self.state = [step + 1, slope - 0.02 * slope_momentum, offset - 0.02 * offset_momentum, slope_momentum, offset_momentum]

    def heartbeat(self):
        self.beaten = time.monotonic()
        beat = {"uid": UID, "epoch": EPOCH, "attempt": self.attempt, "step": self.state[0], "resumedFrom": self.resumed_from}
        try:
            if HEARTBEAT:
                os.replace(write_temporary(HEARTBEAT, json.dumps(beat).encode()), HEARTBEAT)
        except OSError as error:
            print(f"heartbeat: {error}", file=sys.stderr)  # Must not stop the training.

    def commit(self):
        try:
            while self.committed != self.state[0]:
                self.take_slot(self.state[0], STATE.pack(*self.state))
        except OSError as error:
            print(f"commit: {error}", file=sys.stderr)
            self.next_try = time.monotonic() + 1  # Train on, and try again then.

    def take_slot(self, step, content):
        file = f"e{EPOCH}/a{self.attempt}/{step}/state.bin"
        create(f"{ROOT}/{file}", content)
        source = "e{epoch}/{commit}".format(**self.resumed_from) if self.resumed_from else "-"
        lines = ["failover-provenance/1", UID, self.parent_provenance or "-", EPOCH, self.attempt, NONCE, source, step]
        commit = {
            "schema": "failover.dev/commit/v1", "run": UID, "epoch": EPOCH, "attempt": self.attempt, "step": step,
            "parent": self.parent, "resumedFrom": self.resumed_from, "nonce": NONCE,
            "provenance": hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest(),
            "files": [{"path": file, "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}],
        }
        slot = f"{FOLDER}/commits/{self.next_slot}"
        if not create(slot, json.dumps(commit).encode()):
            commit = {} if (content := read(slot)).startswith(b"SEALED") else json.loads(content)
            if commit.get("nonce") != NONCE:
                sys.exit(EPOCH_OVER)  # Sealed, or another gang commits. Our own nonce: an earlier try whose answer was lost.
        self.parent, self.parent_provenance = {"epoch": EPOCH, "commit": self.next_slot}, commit["provenance"]
        self.next_slot, self.committed = self.next_slot + 1, commit["step"]


stopping = []
signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
run = Run()
first, due = run.state[0], False
run.heartbeat()
while run.state[0] < STEPS and not stopping:
    time.sleep(STEP_SECONDS)
    run.train_step()
    due = due or run.state[0] % COMMIT_EVERY == 0
    if due and time.monotonic() >= run.next_try:
        run.commit()
        due = run.committed != run.state[0]
    if time.monotonic() - run.beaten >= HEARTBEAT_SECONDS:
        run.heartbeat()
while run.committed != run.state[0] and (run.state[0] > first or run.state[0] >= STEPS):
    time.sleep(max(0.0, run.next_try - time.monotonic()))
    run.commit()
run.heartbeat()
sys.exit(0 if run.state[0] >= STEPS else TERMINATED)
