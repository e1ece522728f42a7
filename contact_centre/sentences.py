"""What people read when something is refused, by error code, Spanish first. `{name}` is filled from the error's data.

The web and the command line share these; an English error that says more than its code (`InvalidInputError`) keeps
its own sentence in English.
"""

from __future__ import annotations

from voice_core.errors import CentralitaError

SENTENCES: dict[str, tuple[str, str]] = {
    "not_found": ("No existe, o ya terminó.", "It does not exist, or is already over."),
    "wrong_stage": (
        "La llamada ya no está en un momento que permita esto.",
        "The call is no longer at a point that allows this.",
    ),
    "offer_gone": (
        "La oferta ya no está: la tomó otra persona o venció.",
        "The offer is gone: taken or timed out.",
    ),
    "not_allowed": ("Su rol no permite hacer esto.", "Your role does not allow this."),
    "destination_not_allowed": (
        "Desde aquí no se permite llamar a ese número.",
        "Calls to that number are not allowed from here.",
    ),
    "outbound_pace": (
        "No se permiten más de {limit} llamadas salientes por minuto. Espere un momento.",
        "No more than {limit} outgoing calls a minute. Wait a moment.",
    ),
    "outbound_lines": (
        "No se permiten más de {limit} llamadas salientes a la vez. Espere a que termine una.",
        "No more than {limit} outgoing calls at once. Wait until one ends.",
    ),
    "outbound_minutes": (
        "Se agotaron los minutos de llamadas salientes de hoy ({limit}). Avise a su supervisor.",
        "Today's minutes of outgoing calls are used up ({limit}). Tell your supervisor.",
    ),
    "outbound_cost": (
        "Se agotó el gasto de hoy en llamadas salientes ({limit}). Avise a su supervisor.",
        "Today's cost of outgoing calls is used up ({limit}). Tell your supervisor.",
    ),
    "invalid_input": ("Algún dato no es válido.", "Something in the request is not valid."),
    "unavailable": (
        "La telefonía no responde en este momento. Vuelva a intentarlo en unos segundos.",
        "The telephone system does not answer right now. Try again in a few seconds.",
    ),
    "controller_away": (
        (
            "La parte que lleva las llamadas no responde: se está volviendo a poner en marcha y las llamadas siguen. "
            "Vuelva a intentarlo en unos segundos."
        ),
        (
            "The part that carries the calls does not answer: it is being started again, and calls go on. "
            "Try again in a few seconds."
        ),
    ),
    "answer_lost": (
        "Se cortó la conexión mientras se hacía. Mire si ya está hecho antes de repetirlo.",
        "The line was cut while this was being done. Look whether it is done before you repeat it.",
    ),
    "unwritable": (
        (
            "No se puede escribir {where} ({why}): libere espacio o devuelva la carpeta a su usuario, o fije "
            "CENTRALITA_HOME en otra carpeta."
        ),
        (
            "{where} cannot be written ({why}): free some space or give the folder back to its user, or set "
            "CENTRALITA_HOME to another folder."
        ),
    ),
    "stale_write": (
        "Otra persona lo cambió primero. Vuelva a cargar e inténtelo de nuevo.",
        "Somebody else changed it first. Reload and try again.",
    ),
    "wrong_credentials": (
        "El usuario o la contraseña no son correctos.",
        "The user name or the password is wrong.",
    ),
    "too_many_attempts": (
        "Demasiados intentos fallidos. Espere {retry_after_s} segundos.",
        "Too many failed attempts. Wait {retry_after_s} seconds.",
    ),
    "not_signed_in": ("Inicie sesión para continuar.", "Sign in to continue."),
    "forged_request": (
        "La petición no viene de esta página. Vuelva a cargar el panel.",
        "The request does not come from this page. Reload the panel.",
    ),
    "plain_http": (
        "Abra el panel en {url}: por aquí la contraseña viajaría sin cifrar.",
        "Open the panel at {url}: on this way the password would travel in the open.",
    ),
    "plain_http_refused": (
        (
            "En {host} cualquiera de la red podría leer contraseñas, y los navegadores no dan el micrófono: fije "
            "CENTRALITA_TLS_CERTIFICATE y CENTRALITA_TLS_KEY; o ponga un proxy con HTTPS delante y fije "
            "CENTRALITA_PUBLIC_URL (https://…) y CENTRALITA_TRUSTED_PROXIES; o, solo en una red cerrada, "
            "CENTRALITA_PLAIN_HTTP_ALLOWED=true."
        ),
        (
            "On {host} anybody on the network could read passwords, and browsers give no microphone: set "
            "CENTRALITA_TLS_CERTIFICATE and CENTRALITA_TLS_KEY; or put a proxy with HTTPS in front and set "
            "CENTRALITA_PUBLIC_URL (https://…) and CENTRALITA_TRUSTED_PROXIES; or, on a closed network only, "
            "CENTRALITA_PLAIN_HTTP_ALLOWED=true."
        ),
    ),
    "certificate_unreadable": (
        (
            "{path} no se puede leer ({why}): fije CENTRALITA_TLS_CERTIFICATE y CENTRALITA_TLS_KEY en archivos PEM que "
            "este usuario pueda leer."
        ),
        (
            "{path} cannot be read ({why}): set CENTRALITA_TLS_CERTIFICATE and CENTRALITA_TLS_KEY to PEM files that "
            "this user may read."
        ),
    ),
    "certificate_broken": (
        (
            "{path} y {key} no son el certificado de un servidor y su clave ({why}): ponga la cadena entera, y una "
            "clave sin contraseña, en formato PEM."
        ),
        (
            "{path} and {key} are not a server's certificate and its key ({why}): give the whole chain, and a key "
            "without a passphrase, as PEM."
        ),
    ),
    "certificate_mismatch": (
        "La clave {key} no es la del certificado {path}: ponga los dos que se emitieron juntos.",
        "The key {key} does not belong to the certificate {path}: give the two that were issued together.",
    ),
    "certificate_expired": (
        "El certificado {path} venció el {until}: renuévelo (`certbot renew`).",
        "The certificate {path} expired on {until}: renew it (`certbot renew`).",
    ),
    "certificate_early": (
        "El certificado {path} vale solo desde {since} UTC: mire el reloj de esta máquina.",
        "The certificate {path} is valid from {since} UTC only: look at this machine's clock.",
    ),
    "user_exists": ("El usuario «{username}» ya existe.", "The user name “{username}” is taken."),
    "weak_password": (
        "La contraseña necesita al menos {minimum} caracteres y no debe contener el usuario.",
        "The password needs at least {minimum} characters and must not contain the user name.",
    ),
    "recording_damaged": (
        "El archivo no coincide con el sello que se guardó con él. Recupérelo de una copia de seguridad.",
        "The file does not match the seal stored with it. Restore it from a backup.",
    ),
    "vault_failed": ("El disco no aceptó la grabación.", "The disk refused the recording."),
    "listening_failed": (
        "No se puede escuchar esta llamada ahora. Compruebe que su teléfono está conectado.",
        "This call cannot be listened to now. Check that your telephone is connected.",
    ),
    "database_unavailable": (
        "La base de datos no responde en este momento. Vuelva a intentarlo en unos segundos.",
        "The database does not answer right now. Try again in a few seconds.",
    ),
    "newer_schema": (
        "Lo escribió una versión más nueva: actualice primero este programa.",
        "It was written by a newer version: update this program first.",
    ),
    "backup_failed": (
        "No se puede escribir o leer {path}.",
        "{path} cannot be written or read: {reason}.",
    ),
    "archive_damaged": (
        "{file} está dañado o incompleto; no se restauró nada. Use otra copia.",
        "{file} is damaged or incomplete ({member}); nothing was restored. Use another backup.",
    ),
    "archive_unsafe": (
        "{file} contiene un nombre que ninguna copia tiene; no se restauró nada.",
        "{file} holds a name no backup has ({member}); nothing was restored.",
    ),
    "home_not_empty": (
        "{home} no está vacía: restaure en una carpeta nueva (CENTRALITA_HOME).",
        "{home} is not empty: restore into a new folder (CENTRALITA_HOME).",
    ),
    "database_not_empty": (
        "La base de datos {database} no está vacía: indique una nueva en CENTRALITA_DATABASE_URL.",
        "The database {database} is not empty: name a new one in CENTRALITA_DATABASE_URL.",
    ),
    "other_database": (
        "La copia es de {made_on} y CENTRALITA_DATABASE_URL indica {here}: restaure en un {made_on} vacío.",
        "This backup is of {made_on} and CENTRALITA_DATABASE_URL names {here}: restore it into an empty {made_on}.",
    ),
    "journal_pending": (
        "Lo decidido mientras faltaba la base de datos aún no está en ella: deje correr el centro y repita.",
        "What was decided while the database was away is not in it yet: let the centre run, then try again.",
    ),
    "invalid_field": ("El dato «{field}» no es válido.", "The field “{field}” is not valid."),
    "bad_request": ("La petición no se entiende.", "The request cannot be understood."),
    "no_such_route": ("Esta dirección no existe.", "This address does not exist."),
    "method_not_allowed": (
        "Esta dirección no admite esa operación.",
        "This address does not take that method.",
    ),
    "wrong_media_type": ("El cuerpo debe ser application/json.", "The body must be application/json."),
    "too_large": ("La petición es demasiado grande.", "The request is too large."),
    "wrong_host": (
        "Esta dirección no sirve ese nombre de máquina.",
        "This address does not serve that host name.",
    ),
    "not_built": (
        "El panel no está construido. Ejecute «make run».",
        "The panel is not built. Run “make run”.",
    ),
    "internal": (
        "Algo falló de nuestro lado; quedó anotado con la referencia {reference}.",
        "Something failed on our side; it was noted under reference {reference}.",
    ),
}


def sentence(error: CentralitaError, language: str) -> str:
    """What to tell a person about `error`."""
    code = "invalid_field" if error.code == "invalid_input" and "field" in error.data else error.code
    spanish, english = SENTENCES.get(code, (str(error), str(error)))
    text = spanish if language == "es" else english
    try:
        return text.format_map(error.data)
    except (KeyError, ValueError):
        return str(error)


def say(code: str, language: str, **data: object) -> str:
    spanish, english = SENTENCES[code]
    return (spanish if language == "es" else english).format_map(data)
