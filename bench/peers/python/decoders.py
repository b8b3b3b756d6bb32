"""The decoders by name: bytes to (event_id, event_type, user_id, event). Each loads its own package only."""
import json


def decoder(name):
    """Answers how to decode, and how to find the time of sending in what comes of it."""
    return {
        "json": plain_json,
        "orjson": fast_json,
        "msgspec": typed,
        "msgspec_fields": typed_fields,
        "pydantic": validated,
    }[name]()


def plain_json():
    return of_dict(json.loads)


def fast_json():
    import orjson

    return of_dict(orjson.loads)


def of_dict(loads):
    def decode(value):
        event = loads(value)
        return event["event_id"], event["event_type"], event["user_id"], event

    return decode, lambda event: event["processing_info"]["processing_ms"]


def of_object(parse):
    def decode(value):
        event = parse(value)
        return event.event_id, event.event_type, event.user_id, event

    return decode, lambda event: event.processing_info.processing_ms


def typed():
    import msgspec
    import events_msgspec

    return of_object(msgspec.json.Decoder(events_msgspec.Event).decode)


def typed_fields():
    import msgspec
    import events_msgspec

    return of_object(msgspec.json.Decoder(events_msgspec.Fields).decode)


def validated():
    import events_pydantic

    return of_object(events_pydantic.Event.model_validate_json)
