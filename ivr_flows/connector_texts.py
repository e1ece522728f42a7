"""The words of problems with an institution's own systems: in flows that ask them, and in their descriptions."""

from __future__ import annotations

CONNECTOR_TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "unknown_connector": {
        "es": (
            "No hay ningún conector «{name}».",
            "Descríbalo en connectors/{name}.yaml, junto a los flujos. Hay: {nearest}.",
        ),
        "en": (
            "There is no connector `{name}`.",
            "Describe it in connectors/{name}.yaml, beside the flows. There is: {nearest}.",
        ),
    },
    "unknown_operation": {
        "es": ("El conector «{connector}» no tiene la operación «{name}».", "¿Quiso escribir: {nearest}?"),
        "en": ("Connector `{connector}` has no operation `{name}`.", "Did you mean: {nearest}?"),
    },
    "unknown_operand": {
        "es": ("La operación «{operation}» no recibe «{name}».", "Bórrelo o corríjalo. Recibe: {nearest}."),
        "en": (
            "Operation `{operation}` does not take `{name}`.",
            "Delete or correct it. It takes: {nearest}.",
        ),
    },
    "missing_operand": {
        "es": ("A la operación «{operation}» le falta «{name}».", "Añádalo en «with:»."),
        "en": ("Operation `{operation}` also needs `{name}`.", "Add it under `with:`."),
    },
    "unknown_result": {
        "es": ("La operación «{operation}» no devuelve «{name}».", "¿Quiso escribir: {nearest}?"),
        "en": ("Operation `{operation}` gives no `{name}`.", "Did you mean: {nearest}?"),
    },
    "look_up_changes": {
        "es": (
            "«{operation}» cambia algo en el sistema, y «look_up» solo consulta.",
            "Use «act»; o, si solo lee, escriba «reads: true» en su descripción.",
        ),
        "en": (
            "`{operation}` changes something in the system, and `look_up` only reads.",
            "Use `act`; or, if it only reads, write `reads: true` in its description.",
        ),
    },
    "bad_base": {
        "es": (
            "«{name}» no es una dirección base.",
            "Escriba por ejemplo https://sistema.ejemplo/api, sin usuario ni «?»; números, solo una IP completa.",
        ),
        "en": (
            "`{name}` is no base address.",
            "Write for instance https://system.example/api, no user and no `?`; digits only as a whole IP address.",
        ),
    },
    "base_not_allowed": {
        "es": ("«{host}» no está en «allow».", "Añádalo a «allow» o corrija «base»."),
        "en": ("`{host}` is not under `allow`.", "Add it to `allow`, or correct `base`."),
    },
    "bad_allow": {
        "es": (
            "«{name}» no es un nombre ni una red que se pueda permitir.",
            "Escriba un nombre (sistema.ejemplo), una dirección (10.2.3.4) o una red (10.2.0.0/16), nunca todas.",
        ),
        "en": (
            "`{name}` is no name and no network that can be allowed.",
            "Write a name (system.example), an address (10.2.3.4) or a network (10.2.0.0/16), never all of them.",
        ),
    },
    "bad_authentication": {
        "es": (
            "La autenticación «{kind}» necesita {wanted}, y nada más.",
            "El valor del secreto va en secrets.json, nunca aquí.",
        ),
        "en": (
            "Authentication `{kind}` needs {wanted}, and nothing else.",
            "The secret's value belongs in secrets.json, never here.",
        ),
    },
    "plain_http": {
        "es": (
            "Se enviaría una clave por HTTP sin cifrar.",
            "Use https://; por HTTP, solo dentro de la propia red de la institución.",
        ),
        "en": (
            "A password would be sent by plain HTTP.",
            "Use https://; by HTTP only inside the institution's own network.",
        ),
    },
    "one_method": {
        "es": (
            "La operación necesita una forma de pedirse, y solo una.",
            "Escriba una de: get, post, put, delete, patch, soap.",
        ),
        "en": (
            "The operation needs one way to be asked for, and only one.",
            "Write one of: get, post, put, delete, patch, soap.",
        ),
    },
    "bad_path": {
        "es": (
            "«{name}» no es una ruta.",
            "Empiece por «/»; sin «?», sin «..», y los argumentos como {{argumento}}.",
        ),
        "en": (
            "`{name}` is no path.",
            "Begin with `/`; no `?`, no `..`, and arguments as {{argument}}.",
        ),
    },
    "unknown_in_template": {
        "es": ("Aquí no se conoce «{name}».", "Anótelo en «arguments:» o use: {known}."),
        "en": ("`{name}` is not known here.", "List it in `arguments:`, or use: {known}."),
    },
    "no_body": {
        "es": ("Esta operación no lleva cuerpo.", "Quite «body»: es de post, put y patch."),
        "en": ("This operation has no body.", "Take `body` out: it belongs to post, put and patch."),
    },
    "soap_body": {
        "es": ("El cuerpo SOAP no es XML válido: {detail}.", "Revise que cada etiqueta se cierre."),
        "en": ("The SOAP body is not valid XML: {detail}.", "Check that every tag is closed."),
    },
    "cache_of_change": {
        "es": ("Una operación que cambia algo no se guarda en memoria.", "Quite «cache_s» o «reads: false»."),
        "en": ("What changes something is not kept in memory.", "Take out `cache_s` or `reads: false`."),
    },
    "no_example": {
        "es": (
            "La operación «{name}» no tiene ejemplos.",
            "Escriba uno en «example:» para poder probar los flujos sin el sistema.",
        ),
        "en": (
            "Operation `{name}` has no example.",
            "Write one under `example:`, so that flows can be tried without the system.",
        ),
    },
    "bad_example": {
        "es": ("Con este ejemplo no se puede formar el resultado: {detail}.", "Corrija «answer» o «result»."),
        "en": ("This example does not make a result: {detail}.", "Correct `answer` or `result`."),
    },
    "unknown_example_argument": {
        "es": ("La operación no recibe «{name}».", "Bórrelo o corríjalo. Recibe: {nearest}."),
        "en": ("The operation does not take `{name}`.", "Delete or correct it. It takes: {nearest}."),
    },
    "too_many_connectors": {
        "es": (
            "Hay demasiados archivos ({count}; máximo {limit}).",
            "Junte operaciones de un mismo sistema.",
        ),
        "en": ("Too many files ({count}; at most {limit}).", "Put a system's operations together."),
    },
    "no_connectors": {
        "es": ("La carpeta {folder} no tiene ningún conector.", "Cree en ella connectors/<sistema>.yaml."),
        "en": ("The folder {folder} holds no connector.", "Create connectors/<system>.yaml in it."),
    },
}
