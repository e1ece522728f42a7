"""The words of every problem: message and remedy, in Spanish and in English."""

from __future__ import annotations

from ivr_flows.connector_texts import CONNECTOR_TEXTS

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "no_flows": {
        "es": ("La carpeta {folder} no tiene ningún flujo.", "Cree en ella un archivo .yaml con sus pasos."),
        "en": ("The folder {folder} holds no flow.", "Create a .yaml file with its steps in it."),
    },
    "unreadable": {
        "es": ("No se puede leer: {detail}.", "Revise que exista y sus permisos."),
        "en": ("Cannot be read: {detail}.", "Check that it exists, and its permissions."),
    },
    "file_too_large": {
        "es": ("El archivo tiene {size} bytes; el máximo es {limit}.", "Divídalo en subflujos."),
        "en": ("The file has {size} bytes; the limit is {limit}.", "Split it into subflows."),
    },
    "too_many_values": {
        "es": (
            "El archivo tiene demasiados valores y líneas ({count}; máximo {limit}).",
            "Divídalo en subflujos.",
        ),
        "en": (
            "The file has too many values and lines ({count}; at most {limit}).",
            "Split it into subflows.",
        ),
    },
    "bad_character": {
        "es": ("Hay un carácter que no se puede decir ni mostrar.", "Bórrelo y escríbalo de nuevo."),
        "en": ("There is a character that can be neither said nor shown.", "Delete it and type it again."),
    },
    "file_empty": {
        "es": ("El archivo está vacío.", "Escriba los pasos bajo «steps:»."),
        "en": ("The file is empty.", "Write its steps under `steps:`."),
    },
    "not_utf8": {
        "es": ("El archivo no está en UTF-8.", "Guárdelo de nuevo con la codificación UTF-8."),
        "en": ("The file is not UTF-8.", "Save it again with UTF-8 encoding."),
    },
    "yaml_syntax": {
        "es": (
            "No es YAML válido: {detail}.",
            "Revise la sangría, los dos puntos y las comillas en esta línea.",
        ),
        "en": ("Not valid YAML: {detail}.", "Check indentation, colons and quotes on this line."),
    },
    "yaml_alias": {
        "es": ("Las anclas y alias de YAML (&{name}) no se admiten.", "Repita el texto o use un subflujo."),
        "en": ("YAML anchors and aliases (&{name}) are not accepted.", "Repeat the text, or use a subflow."),
    },
    "too_deep": {
        "es": (
            "Hay demasiados niveles, unos dentro de otros (máximo {limit}).",
            "Simplifique la estructura.",
        ),
        "en": ("Too many levels inside each other (at most {limit}).", "Make the structure simpler."),
    },
    "duplicate_key": {
        "es": ("«{name}» ya está escrito en la línea {first}.", "Borre uno de los dos o cámbiele el nombre."),
        "en": ("`{name}` is already written on line {first}.", "Delete one of them or rename it."),
    },
    "duplicate_flow": {
        "es": ("Ya hay otro flujo llamado «{name}» ({first}).", "Cambie el nombre de uno de los archivos."),
        "en": ("There is another flow named `{name}` ({first}).", "Rename one of the files."),
    },
    "bad_flow_name": {
        "es": (
            "«{name}» no sirve como nombre de flujo.",
            "Use letras, números, «_» o «-» en el nombre del archivo.",
        ),
        "en": ("`{name}` is no name for a flow.", "Use letters, digits, `_` or `-` in the file's name."),
    },
    "not_a_mapping": {
        "es": ("Aquí se esperaba «nombre: valor».", "Escríbalo como una lista de «nombre: valor»."),
        "en": ("Expected `name: value` here.", "Write it as lines of `name: value`."),
    },
    "unknown_field": {
        "es": ("«{name}» no existe aquí.", "¿Quiso escribir: {nearest}?"),
        "en": ("There is no `{name}` here.", "Did you mean: {nearest}?"),
    },
    "missing_field": {
        "es": ("Falta «{name}».", "Añádalo en este paso."),
        "en": ("`{name}` is missing.", "Add it to this step."),
    },
    "wrong_value": {
        "es": ("Valor no válido: {value}.", "Se esperaba otra cosa: {detail}."),
        "en": ("Not a valid value: {value}.", "What is expected: {detail}."),
    },
    "not_text": {
        "es": ("Aquí se esperaba un texto.", "Escríbalo entre comillas."),
        "en": ("Expected a text here.", "Write it between quotes."),
    },
    "no_verb": {
        "es": ("El paso «{step}» no dice qué hacer.", "Escriba uno de estos verbos: {verbs}."),
        "en": ("Step `{step}` does not say what to do.", "Write one of these verbs: {verbs}."),
    },
    "two_verbs": {
        "es": ("El paso «{step}» tiene dos verbos: {verbs}.", "Deje uno y ponga el otro en su propio paso."),
        "en": ("Step `{step}` has two verbs: {verbs}.", "Keep one; give the other a step of its own."),
    },
    "unknown_verb": {
        "es": ("El verbo «{name}» no existe.", "¿Quiso escribir: {nearest}?"),
        "en": ("There is no verb `{name}`.", "Did you mean: {nearest}?"),
    },
    "unknown_step": {
        "es": ("No hay ningún paso «{name}» en este flujo.", "¿Quiso escribir: {nearest}?"),
        "en": ("There is no step `{name}` in this flow.", "Did you mean: {nearest}?"),
    },
    "unknown_queue": {
        "es": ("No existe la cola «{name}».", "¿Quiso escribir: {nearest}?"),
        "en": ("There is no queue `{name}`.", "Did you mean: {nearest}?"),
    },
    "unknown_flow": {
        "es": ("No existe el flujo «{name}».", "¿Quiso escribir: {nearest}?"),
        "en": ("There is no flow `{name}`.", "Did you mean: {nearest}?"),
    },
    "unknown_variable": {
        "es": (
            "Nadie da valor a «{name}» en este flujo.",
            "Revise el nombre o anótelo en «arguments:». Hay: {nearest}.",
        ),
        "en": (
            "Nothing in this flow gives `{name}` a value.",
            "Check the name, or list it in `arguments:`. Known: {nearest}.",
        ),
    },
    "unreachable": {
        "es": ("Ningún camino llega al paso «{step}».", "Bórrelo o lleve algún paso hasta él."),
        "en": ("No way leads to step `{step}`.", "Delete it, or let some step lead to it."),
    },
    "no_human": {
        "es": (
            "Quien llama no tiene cómo llegar a una persona.",
            "Escriba «human: paso» al comienzo, con un paso que lleve a una cola.",
        ),
        "en": (
            "The caller has no way to a person.",
            "Write `human: step` at the top, with a step that leads to a queue.",
        ),
    },
    "human_without_queue": {
        "es": (
            "El camino «human» no llega a ninguna cola ni agente.",
            "Haga que termine en «queue:» o «transfer:».",
        ),
        "en": ("The `human` way reaches no queue and no agent.", "Let it end in `queue:` or `transfer:`."),
    },
    "no_human_here": {
        "es": (
            "Este paso lleva a una persona («human»), pero el flujo no dice por dónde.",
            "Escriba «human: paso» al comienzo del archivo o indique otro destino.",
        ),
        "en": (
            "This step leads to a person (`human`), but the flow does not say how.",
            "Write `human: step` at the top of the file, or name another target.",
        ),
    },
    "endless_loop": {
        "es": (
            "Estos pasos dan vueltas sin escuchar nunca a quien llama: {steps}.",
            "Ponga un «menu» o un «ask» en el camino, o termine con «hang_up».",
        ),
        "en": (
            "These steps go round without ever listening to the caller: {steps}.",
            "Put a `menu` or an `ask` on the way, or end with `hang_up`.",
        ),
    },
    "recursive_subflow": {
        "es": (
            "El flujo se llama a sí mismo: {flows}.",
            "Use «goto» dentro del flujo, o separe la parte común.",
        ),
        "en": ("The flow calls itself: {flows}.", "Use `goto` inside the flow, or take the shared part out."),
    },
    "unknown_argument": {
        "es": (
            "El flujo «{flow}» no recibe «{name}».",
            "Anótelo en su «arguments:» o bórrelo. Recibe: {nearest}.",
        ),
        "en": (
            "Flow `{flow}` does not take `{name}`.",
            "List it in its `arguments:` or delete it. It takes: {nearest}.",
        ),
    },
    "missing_language": {
        "es": ("Falta el texto en: {languages}.", "Escriba el texto en cada idioma: {{es: …, en: …}}."),
        "en": ("The text is missing in: {languages}.", "Write it in every language: {{es: …, en: …}}."),
    },
    "secret_shown": {
        "es": (
            "«{name}» es secreto y aquí se mostraría a los agentes o se diría en voz alta.",
            "Quítelo de este texto.",
        ),
        "en": (
            "`{name}` is secret, and would be shown to agents or spoken here.",
            "Take it out of this text.",
        ),
    },
    "bad_name": {
        "es": ("«{name}» no sirve como nombre.", "Use letras, números y «_», y empiece por una letra."),
        "en": ("`{name}` is not a name.", "Use letters, digits and `_`, and start with a letter."),
    },
    "reserved_name": {
        "es": ("«{name}» está reservado.", "Elija otro nombre."),
        "en": ("`{name}` is reserved.", "Choose another name."),
    },
    "bad_language": {
        "es": ("«{name}» no es un idioma.", "Use un código como «es» o «en»."),
        "en": ("`{name}` is not a language.", "Use a code such as `es` or `en`."),
    },
    "bad_prompt": {
        "es": ("Aquí falta lo que se va a oír.", "Escriba un texto, o uno por idioma, o «file: nombre»."),
        "en": (
            "What is to be heard is missing here.",
            "Write a text, or one for each language, or `file: name`.",
        ),
    },
    "bad_file": {
        "es": (
            "«{name}» no es el nombre de una grabación.",
            "Use minúsculas, números, «-» y «_», sin extensión.",
        ),
        "en": (
            "`{name}` is not the name of a recording.",
            "Use lower case, digits, `-` and `_`, without extension.",
        ),
    },
    "bad_key": {
        "es": ("«{name}» no es una tecla.", "Use de una a cuatro teclas: 0 a 9, * y #."),
        "en": ("`{name}` is not a key.", "Use one to four keys: 0 to 9, * and #."),
    },
    "bad_lengths": {
        "es": ("min_length es mayor que max_length.", "Intercámbielos."),
        "en": ("min_length is greater than max_length.", "Swap them."),
    },
    "unknown_choice": {
        "es": ("«{name}» no es una de las opciones.", "¿Quiso escribir: {nearest}?"),
        "en": ("`{name}` is not one of the choices.", "Did you mean: {nearest}?"),
    },
    "not_for_kind": {
        "es": ("«{name}» no sirve con «kind: {kind}».", "Bórrelo; solo vale con: {kinds}."),
        "en": ("`{name}` means nothing with `kind: {kind}`.", "Delete it; it is only for: {kinds}."),
    },
    "bad_bound": {
        "es": (
            "«{name}» no sirve como límite.",
            "Escriba un número o, para fechas, 2026-12-31, hoy o los días desde hoy (30, -7).",
        ),
        "en": (
            "`{name}` is no bound.",
            "Write a number or, for dates, 2026-12-31, today or the days from today (30, -7).",
        ),
    },
    "bad_bounds": {
        "es": ("«{low}» es mayor que «{high}».", "Intercámbielos."),
        "en": ("`{low}` is greater than `{high}`.", "Swap them."),
    },
    "confirm_what": {
        "es": (
            "La confirmación necesita decir algo, y de una sola manera.",
            "Escriba «value:» con lo que se entendió, o «prompt:» con sus propias palabras.",
        ),
        "en": (
            "A confirmation needs something to say, in one way only.",
            "Write `value:` with what was understood, or `prompt:` with words of your own.",
        ),
    },
    "confirm_without_ask": {
        "es": (
            "No se sabe a qué pregunta volver cuando la respuesta es no.",
            "Ponga el paso debajo de su «ask», o escriba «again: paso».",
        ),
        "en": (
            "It is not known which question to go back to when the answer is no.",
            "Put the step below its `ask`, or write `again: step`.",
        ),
    },
    "bad_hours": {
        "es": ("«{name}» no es un horario.", 'Escriba por ejemplo «lun-vie: "08:00-12:30, 14:00-18:00"».'),
        "en": ("`{name}` is no opening time.", 'Write for instance `mon-fri: "08:00-12:30, 14:00-18:00"`.'),
    },
    "unknown_timezone": {
        "es": ("No existe la zona horaria «{name}».", "Use un nombre como America/Guayaquil."),
        "en": ("There is no time zone `{name}`.", "Use a name such as America/Guayaquil."),
    },
    "unknown_country": {
        "es": ("No se conocen los feriados de «{name}».", "Use un código de país como EC, BO o SV."),
        "en": ("The holidays of `{name}` are not known.", "Use a country code such as EC, BO or SV."),
    },
    "one_destination": {
        "es": ("La transferencia necesita un destino, y solo uno.", "Escriba «agent:» o «number:»."),
        "en": ("A transfer needs one destination, and only one.", "Write `agent:` or `number:`."),
    },
    "template_syntax": {
        "es": ("La expresión no se entiende: {detail}.", "Revise las llaves {{{{ }}}} y las comillas."),
        "en": ("The expression cannot be read: {detail}.", "Check the braces {{{{ }}}} and the quotes."),
    },
    "template_forbidden": {
        "es": (
            "«{what}» no está permitido en un texto.",
            "Use variables, comparaciones, if y los filtros de docs/flows.md.",
        ),
        "en": (
            "`{what}` is not allowed in a text.",
            "Use variables, comparisons, if and the filters in docs/flows.md.",
        ),
    },
    "template_too_long": {
        "es": (
            "El texto o la expresión es demasiado larga ({length}; máximo {limit}).",
            "Divídala en varios pasos.",
        ),
        "en": (
            "The text or expression is too long ({length}; at most {limit}).",
            "Split it into several steps.",
        ),
    },
    "no_share": {
        "es": ("Todas las partes son cero.", "Dé a algún camino más de cero."),
        "en": ("All the shares are zero.", "Give some way more than zero."),
    },
    # --- tests of flows
    "one_a_line": {
        "es": ("Cada línea de la historia dice una sola cosa.", "Sepárelas: una por guion."),
        "en": ("Each line of a story says one thing.", "Put them apart, one a dash."),
    },
    "time_with_zone": {
        "es": ("La hora lleva una zona horaria.", "Escríbala sin ella: es la de la organización."),
        "en": ("The time has a zone.", "Write it without: it is the organisation's."),
    },
    "not_heard": {
        "es": ("No se oyó «{words}». Se oyó: {heard}", "Corrija el flujo o la prueba."),
        "en": ("`{words}` was not heard. Heard: {heard}", "Mend the flow or the test."),
    },
    "never_heard": {
        "es": ("Se oyó «{words}», que no debía oírse, en «{step}»: {heard}", "Corrija ese paso."),
        "en": ("`{words}`, which must not be heard, was said at `{step}`: {heard}", "Mend that step."),
    },
    "other_end": {
        "es": ("Se esperaba «{wanted}» y el flujo está en «{now}».", "Corrija el flujo o la prueba."),
        "en": ("`{wanted}` was expected, and the flow is at `{now}`.", "Mend the flow or the test."),
    },
    "not_called": {
        "es": ("No se consultó «{wanted}»; se consultó: {now}.", "Corrija el flujo o la prueba."),
        "en": ("`{wanted}` was not called; called: {now}.", "Mend the flow or the test."),
    },
    "other_value": {
        "es": ("{name} es «{found}» y se esperaba «{wanted}».", "Corrija el flujo o la prueba."),
        "en": ("{name} is `{found}`; `{wanted}` was expected.", "Mend the flow or the test."),
    },
    "nobody_listens": {
        "es": ("Nadie espera «{does}» aquí: el flujo está en «{now}».", "Quite esa línea o póngala antes."),
        "en": (
            "Nobody waits for `{does}` here: the flow is at `{now}`.",
            "Take the line out, or put it before.",
        ),
    },
    "flow_failed": {
        "es": ("El flujo falló en «{step}»: {detail}.", "Corrija ese paso: quien llama va a una persona."),
        "en": ("The flow failed at `{step}`: {detail}.", "Mend that step: the caller goes to a person."),
    },
    "story_after_hang_up": {
        "es": ("El cliente ya colgó.", "Quite lo que sigue."),
        "en": ("The customer has hung up already.", "Take out what follows."),
    },
    "story_unfinished": {
        "es": (
            "La historia se acaba y el flujo espera en «{step}».",
            "Siga hasta el final, o termínela con «hangs_up».",
        ),
        "en": (
            "The story is over, and the flow waits at `{step}`.",
            "Go on to its end, or finish with `hangs_up`.",
        ),
    },
} | CONNECTOR_TEXTS
