"""A linkspan backend in Python: shows the network at login. Its words are those of backend.proto."""
import json
import os
import signal
import sys
from concurrent import futures

import backend_pb2 as pb
import grpc

PATH = "/etc/motd.d/linkspan"
MARK = "linkspan: "


def describe(_, context):
    contact = pb.Attribute(name="contact", type="string", doc="Whom to ask before changing the network.")
    return pb.DescribeResponse(name="motd", version="1.0.0", phase="persist", paths=[PATH],
                               doc="Shows the host's network at login.", schema=pb.Schema(attributes=[contact]))


def lines(setup):
    """What is to be shown: one line for each interface with an address."""
    host, config = json.loads(setup.host_json), json.loads(setup.config_json or b"null") or {}
    shown = {}
    for i in host.get("interfaces") or []:
        if i.get("state") != "absent" and i.get("addresses"):
            shown[i["name"]] = " ".join([i["kind"]] + i["addresses"])
    if config.get("contact"):
        shown["contact"] = " ".join(config["contact"].split())
    return shown


def objects(shown, present=()):
    """An object for each line; one that is present and not to be shown is to go."""
    found = []
    for name in sorted(set(shown) | set(present)):
        o = pb.Object(ref=pb.Ref(**{"class": "motd", "name": name}))
        if name in shown:
            o.settings.add(key="text", form="text", text=shown[name])
        else:
            o.absent, o.reason = True, "the definition no longer says it"
        found.append(o)
    return found


def parse(content):
    """What the file says: lines "linkspan: NAME TEXT"; others are somebody's own."""
    shown = {}
    for line in content.decode("utf-8", "replace").splitlines():
        name, _, text = line.removeprefix(MARK).partition(" ")
        if line.startswith(MARK) and text:
            shown[name] = text
    return shown


def read(request, context):
    try:
        with open(request.setup.root + PATH, "rb") as f:
            state = pb.FileState(exists=True, mode=os.fstat(f.fileno()).st_mode & 0o777, content=f.read())
    except FileNotFoundError:
        state = pb.FileState()
    shown = parse(state.content)
    return pb.ReadResponse(objects=objects(shown), files=[pb.File(path=PATH, state=state)],
                           facts={"shown": json.dumps(sorted(shown))})


def render(request, context):
    return pb.RenderResponse(objects=objects(lines(request.setup), json.loads(request.facts.get("shown", "[]"))))


def plan(request, context):
    if not request.changes:
        return pb.PlanResponse()
    before = request.actual.files[0].state
    kept = [line for line in before.content.splitlines(keepends=True) if not line.startswith(MARK.encode())]
    ours = [f"{MARK}{o.ref.name} {o.settings[0].text}\n".encode() for o in request.desired if not o.absent]
    change = pb.FileChange(path=PATH, before=before, after=pb.FileState(exists=True, content=b"".join(kept + ours)))
    return pb.PlanResponse(operations=[pb.Operation(id="1", kind="file", summary="write " + PATH, file=change)])


def main():
    if os.environ.get("LINKSPAN_PLUGIN") != "started-by-linkspan":
        sys.exit("this is a linkspan plugin: linkspan starts it")
    for s in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(s, signal.SIG_IGN)
    calls = {"Describe": (describe, pb.DescribeRequest), "Read": (read, pb.ReadRequest),
             "Render": (render, pb.RenderRequest), "Plan": (plan, pb.PlanRequest)}
    server = grpc.server(futures.ThreadPoolExecutor(), options=[("grpc.max_receive_message_length", 256 << 20)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("linkspan.plugin.v1.BackendService", {
        name: grpc.unary_unary_rpc_method_handler(call, message.FromString, lambda answer: answer.SerializeToString())
        for name, (call, message) in calls.items()})])
    socket = os.environ["PLUGIN_UNIX_SOCKET_DIR"] + "/motd.sock"
    server.add_insecure_port("unix:" + socket)
    server.start()
    print(f"1|1|unix|{socket}|grpc", flush=True)
    server.wait_for_termination()


main()
