#!/usr/bin/env python3
"""An S3 server for tests, in memory, that takes nothing on trust.

It computes every signature, hash and MD5 anew, with the standard library only, and refuses what AWS would refuse. It lies,
stalls, breaks off and answers nonsense when it is told to. Prints its port, and runs until it is ended.

Unsigned, for the tests: what `control` takes, below /_control/.
"""

import argparse
import datetime
import hashlib
import hmac
import http.server
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

MIB = 1024 * 1024


class Refusal(Exception):
    def __init__(self, status, code, message="", extra="", headers=None):
        super().__init__(code)
        self.status, self.code, self.message, self.extra, self.headers = status, code, message, extra, headers or {}


class State:
    def __init__(self, arguments):
        self.lock = threading.Lock()
        self.bucket, self.region = arguments.bucket, arguments.region
        self.access_key, self.secret_key, self.token = "AKIDTEST", "secret/with+odd=characters", None
        self.objects, self.etags, self.uploads, self.requests, self.faults = {}, {}, {}, [], []
        self.skew, self.page, self.equal_parts, self.redirect, self.url_encoding = 0, 1000, False, False, True
        self.upload_number = self.sent_bytes = self.version_number = 0
        self.versioning, self.versions = False, {}  # by key: (id, object, or nothing for a delete marker), oldest first

    def now(self):
        return time.time() + self.skew

    def put_object(self, key, stored):
        """None removes it. With versioning, what was there stays."""
        if self.versioning:
            self.version_number += 1
            self.versions.setdefault(key, []).append((f"v{self.version_number}", stored))
        if stored is None:
            self.objects.pop(key, None)
        else:
            self.objects[key] = stored

    def remove_version(self, key, version):
        kept = self.versions[key] = [each for each in self.versions.get(key, []) if each[0] != version]
        if kept and kept[-1][1] is not None:
            self.objects[key] = kept[-1][1]
        else:
            self.objects.pop(key, None)


def etag_of(data):
    return '"' + hashlib.md5(data).hexdigest() + '"'


def encoded(text):
    return urllib.parse.quote(text, safe="-._~")


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "strict"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.server.state.now() if timestamp is None else timestamp)

    def handle_any(self):
        state = self.server.state
        self.raw_path, _, self.raw_query = self.path.partition("?")
        self.query = urllib.parse.parse_qsl(self.raw_query, keep_blank_values=True)
        self.asked = dict(self.query)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.raw_path.startswith("/_control/"):
            return self.control(self.raw_path[len("/_control/"):])
        with state.lock:
            state.requests.append(f"{self.command} {self.path}")
            fault = self.take_fault()
        if fault and self.misbehave(fault):
            return None
        try:
            self.authenticate()
            with state.lock:
                answer = self.serve()
        except Refusal as refusal:
            return self.refuse(refusal)
        if fault and fault["do"] == "lose_answer":
            return self.reset()
        return self.answer(*answer, fault=fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    # What the tests say.

    def control(self, what):
        state = self.server.state
        answer = b""
        with state.lock:
            if what == "set":
                for name, value in json.loads(self.body).items():
                    assert hasattr(state, name), name
                    setattr(state, name, value)
            elif what == "fault":
                state.faults.append(json.loads(self.body))
            elif what == "put":
                state.objects[self.asked["key"]] = (self.body, {}, state.now())
            elif what == "state":
                answer = json.dumps({
                    "objects": {key: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "headers": headers}
                                for key, (data, headers, _) in state.objects.items()},
                    "uploads": [{"key": upload["key"], "parts": {n: len(data) for n, data in upload["parts"].items()},
                                 "headers": upload["headers"]} for upload in state.uploads.values()],
                    "versions": {key: [[version, stored is not None] for version, stored in versions]
                                 for key, versions in state.versions.items() if versions},
                    "requests": state.requests, "sent_bytes": state.sent_bytes, "faults_left": len(state.faults)}).encode()
            elif what == "forget_requests":
                state.requests, state.sent_bytes = [], 0
            elif what == "reset":
                self.server.state = State(self.server.arguments)
            elif what == "begin_upload":
                state.upload_number += 1
                state.uploads[f"foreign-{state.upload_number}"] = {
                    "key": self.asked["key"], "begun": state.now() - float(self.asked["age"]), "parts": {}, "headers": {}}
        self.answer(200, answer)

    def take_fault(self):
        for fault in self.server.state.faults:
            if fault.get("method", self.command) != self.command or fault.get("path", "") not in self.raw_path:
                continue
            if "query" in fault and fault["query"] not in self.asked:
                continue
            if fault.get("skip", 0) > 0:
                fault["skip"] -= 1
                return None
            fault["times"] = fault.get("times", 1) - 1
            if fault["times"] <= 0:
                self.server.state.faults.remove(fault)
            return fault
        return None

    def misbehave(self, fault):
        """True if that was all of the answer."""
        do = fault["do"]
        if do == "refuse":
            self.refuse(Refusal(fault["status"], fault.get("code", ""), "as the test wants", fault.get("extra", ""),
                                fault.get("headers")))
        elif do == "reset":
            self.reset()
        elif do == "say":
            self.answer(fault.get("status", 200), fault["text"].encode())
        elif do == "stall":
            time.sleep(fault["seconds"])
            self.reset()
        else:
            return False
        return True

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            self.connection.shutdown(socket.SHUT_RD)
        except OSError:
            pass
        self.connection.close()

    # Signature Version 4.

    def authenticate(self):
        state, headers = self.server.state, self.headers
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request,\s*"
                             r"SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})", headers.get("Authorization", ""))
        if not match:
            raise Refusal(403, "AccessDenied", "no signature")
        key_id, date, region, signed, signature = match.groups()
        if key_id != state.access_key:
            raise Refusal(403, "InvalidAccessKeyId")
        if state.token is not None and headers.get("X-Amz-Security-Token") != state.token:
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        if region != state.region:
            if state.redirect:
                raise Refusal(301, "PermanentRedirect", "elsewhere", headers={"x-amz-bucket-region": state.region})
            raise Refusal(400, "AuthorizationHeaderMalformed", f"expecting '{state.region}'",
                          f"<Region>{state.region}</Region>")
        stamp = headers.get("X-Amz-Date", "")
        when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
        if abs(when - state.now()) > 900:
            raise Refusal(403, "RequestTimeTooSkewed", "too far", f"<ServerTime>{iso(state.now())}</ServerTime>")
        names = signed.split(";")
        must = {"host"} | {name.lower() for name in headers if name.lower().startswith("x-amz-")}
        must |= {name for name in ("content-md5", "range") if name in headers}
        if names != sorted(names) or not must <= set(names) or not stamp.startswith(date):
            raise Refusal(403, "AccessDenied", "not all is signed")
        path = "/".join(encoded(urllib.parse.unquote(part)) for part in self.raw_path.split("/"))
        query = "&".join(sorted(f"{encoded(name)}={encoded(value)}" for name, value in self.query))
        if path != self.raw_path or query != self.raw_query:
            raise Refusal(403, "SignatureDoesNotMatch", "not sent as it is signed")
        lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
        claimed = headers.get("X-Amz-Content-SHA256", "")
        canonical = f"{self.command}\n{path}\n{query}\n{lines}\n{signed}\n{claimed}"
        scope = f"{date}/{region}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = ("AWS4" + state.secret_key).encode()
        for part in (date, region, "s3", "aws4_request", to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if key.hex() != signature:
            raise Refusal(403, "SignatureDoesNotMatch")
        if hashlib.sha256(self.body).hexdigest() != claimed:
            raise Refusal(400, "XAmzContentSHA256Mismatch")
        md5 = headers.get("Content-MD5")
        if self.body and md5 is None:
            raise Refusal(400, "InvalidRequest", "Content-MD5 is missing")
        if md5 is not None and md5 != __import__("base64").b64encode(hashlib.md5(self.body).digest()).decode():
            raise Refusal(400, "BadDigest")

    # The requests. Each returns status, body, headers.

    def serve(self):
        state = self.server.state
        path = urllib.parse.unquote(self.raw_path)[1:]
        if self.headers["Host"].startswith(state.bucket + "."):
            key = path
        else:
            bucket, _, key = path.partition("/")
            if bucket != state.bucket:
                raise Refusal(404, "NoSuchBucket")
        if len(key.encode()) > 1024:
            raise Refusal(400, "KeyTooLongError")
        if not key:
            if self.command == "GET" and "uploads" in self.asked:
                return self.list_uploads()
            if self.command == "GET" and self.asked.get("list-type") == "2":
                return self.list_objects()
            if self.command == "GET" and "versioning" in self.asked:
                status = "<Status>Enabled</Status>" if state.versioning else ""
                return 200, self.xml("VersioningConfiguration", status)
            if self.command == "GET" and "versions" in self.asked:
                return self.list_versions()
        elif "uploadId" in self.asked:
            upload = state.uploads.get(self.asked["uploadId"])
            if upload is None or upload["key"] != key:
                raise Refusal(404, "NoSuchUpload")
            if self.command == "PUT":
                return self.put_part(upload)
            if self.command == "POST":
                return self.complete(upload)
            if self.command == "DELETE":
                del state.uploads[self.asked["uploadId"]]
                return 204, b""
        elif self.command == "POST" and "uploads" in self.asked:
            return self.begin_upload(key)
        elif self.command == "PUT":
            state.put_object(key, (self.body, self.kept_headers(), state.now()))
            return 200, b"", {"ETag": etag_of(self.body)}
        elif self.command in ("GET", "HEAD"):
            return self.get(key)
        elif self.command == "DELETE" and "versionId" in self.asked:
            state.remove_version(key, self.asked["versionId"])
            return 204, b""
        elif self.command == "DELETE":
            state.put_object(key, None)
            return 204, b""
        raise Refusal(501, "NotImplemented")

    def kept_headers(self):
        return {name.lower(): value for name, value in self.headers.items()
                if name.lower().startswith("x-amz-") and not name.lower().startswith(("x-amz-date", "x-amz-content"))}

    def get(self, key):
        if key not in self.server.state.objects:
            raise Refusal(404, "NoSuchKey")
        data, kept, modified = self.server.state.objects[key]
        etag = kept.get("etag") or self.known_etag(key, data)
        headers = {name: value for name, value in kept.items() if name.startswith("x-amz-meta-")}
        headers |= {"ETag": etag, "Last-Modified": self.date_time_string(modified), "Accept-Ranges": "bytes"}
        if self.headers.get("If-Match") not in (None, etag):
            raise Refusal(412, "PreconditionFailed")
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not match:
            return 200, data, headers
        first, last = match.groups()
        if first == "":
            first, last = max(0, len(data) - int(last)), len(data) - 1
        else:
            first, last = int(first), min(int(last or len(data) - 1), len(data) - 1)
        if first > last:
            raise Refusal(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return 206, data[first:last + 1], headers

    def known_etag(self, key, data):
        """Of a large object, its MD5 takes longer than all else."""
        known = self.server.state.etags.get(key)
        if known is None or known[0] is not data:
            known = self.server.state.etags[key] = (data, etag_of(data))
        return known[1]

    def begin_upload(self, key):
        state = self.server.state
        state.upload_number += 1
        upload_id = f"id+/={state.upload_number}"
        state.uploads[upload_id] = {"key": key, "begun": state.now(), "parts": {}, "headers": self.kept_headers()}
        return 200, self.xml("InitiateMultipartUploadResult", f"<UploadId>{upload_id}</UploadId>")

    def put_part(self, upload):
        number = int(self.asked["partNumber"])
        if not 1 <= number <= 10000:
            raise Refusal(400, "InvalidArgument")
        upload["parts"][number] = self.body
        return 200, b"", {"ETag": etag_of(self.body)}

    def complete(self, upload):
        state = self.server.state
        listed = re.findall(r"<Part><PartNumber>(\d+)</PartNumber><ETag>([^<]*)</ETag></Part>", self.body.decode())
        numbers = [int(number) for number, _ in listed]
        if not numbers or numbers != sorted(set(numbers)):
            raise Refusal(400, "InvalidPartOrder")
        parts = []
        for number, etag in listed:
            data = upload["parts"].get(int(number))
            if data is None or etag_of(data) != etag.replace("&quot;", '"'):
                raise Refusal(400, "InvalidPart")
            parts.append(data)
        if any(len(part) < 5 * MIB for part in parts[:-1]):
            raise Refusal(400, "EntityTooSmall")
        if state.equal_parts and (len({len(part) for part in parts[:-1]}) > 1 or len(parts[-1]) > len(parts[0])):
            raise Refusal(400, "InvalidPart", "All non-trailing parts must have the same length.")
        md5s = b"".join(hashlib.md5(part).digest() for part in parts)
        etag = f'"{hashlib.md5(md5s).hexdigest()}-{len(parts)}"'
        state.put_object(upload["key"], (b"".join(parts), upload["headers"] | {"etag": etag}, state.now()))
        del state.uploads[self.asked["uploadId"]]
        return 200, self.xml("CompleteMultipartUploadResult", f"<ETag>{escape(etag)}</ETag>")

    def name(self, text):
        return encoded(text) if self.encodes() else escape(text)

    def encodes(self):
        return self.server.state.url_encoding and self.asked.get("encoding-type") == "url"

    def encoding_type(self):
        return "<EncodingType>url</EncodingType>" if self.encodes() else ""

    def list_objects(self):
        state = self.server.state
        after = self.asked.get("start-after", "")
        if "continuation-token" in self.asked:
            after = bytes.fromhex(self.asked["continuation-token"]).decode()
        keys = sorted((key for key in state.objects if key.startswith(self.asked.get("prefix", "")) and
                       key.encode() > after.encode()), key=lambda key: key.encode())
        most = min(state.page, int(self.asked.get("max-keys", "1000")))
        page, more = keys[:most], len(keys) > most
        text = self.encoding_type() + f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        if more:
            text += f"<NextContinuationToken>{page[-1].encode().hex()}</NextContinuationToken>"
        for key in page:
            data, kept, modified = state.objects[key]
            text += (f"<Contents><Key>{self.name(key)}</Key><LastModified>{iso(modified)}</LastModified>"
                     f"<ETag>{escape(kept.get('etag') or self.known_etag(key, data))}</ETag><Size>{len(data)}</Size></Contents>")
        return 200, self.xml("ListBucketResult", text)

    def list_versions(self):
        text = "<IsTruncated>false</IsTruncated>"
        for key, versions in sorted(self.server.state.versions.items()):
            if not key.startswith(self.asked.get("prefix", "")):
                continue
            for version, stored in reversed(versions):
                kind = "DeleteMarker" if stored is None else "Version"
                text += f"<{kind}><Key>{escape(key)}</Key><VersionId>{version}</VersionId></{kind}>"
        return 200, self.xml("ListVersionsResult", text)

    def list_uploads(self):
        state = self.server.state
        marker = (self.asked.get("key-marker", ""), self.asked.get("upload-id-marker", ""))
        uploads = sorted((upload["key"], upload_id, upload["begun"]) for upload_id, upload in state.uploads.items()
                         if upload["key"].startswith(self.asked.get("prefix", "")) and
                         (upload["key"], upload_id) > marker)
        page, more = uploads[:state.page], len(uploads) > state.page
        text = self.encoding_type() + f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        if more:
            text += (f"<NextKeyMarker>{self.name(page[-1][0])}</NextKeyMarker>"
                     f"<NextUploadIdMarker>{escape(page[-1][1])}</NextUploadIdMarker>")
        for key, upload_id, begun in page:
            text += (f"<Upload><Key>{self.name(key)}</Key><UploadId>{escape(upload_id)}</UploadId>"
                     f"<Initiated>{iso(begun)}</Initiated></Upload>")
        return 200, self.xml("ListMultipartUploadsResult", text)

    @staticmethod
    def xml(root, text):
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"{text}</{root}>").encode()

    def refuse(self, refusal):
        body = (f"<Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>{refusal.extra}</Error>"
                if refusal.code else "")
        self.answer(refusal.status, body.encode(), refusal.headers)

    def answer(self, status, body, headers=None, fault=None):
        do = fault["do"] if fault else ""
        if do == "corrupt" and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if do == "shift":
            headers = dict(headers, **{"Content-Range": f"bytes 0-{len(body) - 1}/{len(body)}"})
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) + (1 if do == "too_long" else 0)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.server.state.sent_bytes += len(body)
        if do == "truncate":
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            self.reset()
            return
        self.wfile.write(body + (b"x" if do == "too_long" else b""))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", default="test-bucket")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--certificate")
    arguments = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.arguments = arguments
    server.state = State(arguments)
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
