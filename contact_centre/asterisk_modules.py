"""The modules of Asterisk we load, and no others. Order does not matter: Asterisk follows their dependencies."""

_BONES = """
    pbx_config res_timing_timerfd res_crypto res_security_log res_pjproject res_sorcery_config
    res_sorcery_astdb res_sorcery_memory res_musiconhold res_srtp res_rtp_asterisk res_http_websocket
    res_websocket_client res_mutestream res_limit
"""
_SIP = """
    chan_pjsip res_pjsip res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_caller_id
    res_pjsip_diversion res_pjsip_dlg_options res_pjsip_dtmf_info res_pjsip_empty_info
    res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_header_funcs
    res_pjsip_logger res_pjsip_nat res_pjsip_outbound_authenticator_digest res_pjsip_outbound_registration
    res_pjsip_path res_pjsip_pubsub res_pjsip_refer res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp
    res_pjsip_session res_pjsip_sips_contact res_pjsip_transport_websocket
"""
_ARI = """
    res_ari res_ari_model res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels
    res_ari_device_states res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings
    res_ari_sounds res_stasis res_stasis_answer res_stasis_device_state res_stasis_playback
    res_stasis_recording res_stasis_snoop app_stasis
"""
_MEDIA = """
    bridge_builtin_features bridge_builtin_interval_features bridge_holding bridge_native_rtp bridge_simple
    bridge_softmix chan_bridge_media chan_rtp res_rtp_multicast chan_websocket codec_a_mu codec_alaw
    codec_ulaw codec_g722 codec_gsm codec_resample codec_opus_open_source codec_opus res_format_attr_opus
    format_pcm format_gsm format_sln format_wav
"""
# The dialplan's words, and the figures the quality of a call is read from.
_WORDS = """
    app_mixmonitor app_queue app_playback app_stack app_exec app_chanspy app_verbose app_senddtmf app_echo
    app_milliwatt func_audiohookinherit func_callerid func_channel func_devstate func_hangupcause func_logic
    func_periodic_hook func_pjsip_aor func_pjsip_contact func_pjsip_endpoint func_strings func_talkdetect
    func_timeout func_db func_volume func_jitterbuffer func_frame_drop func_global func_cut func_groupcount func_uri func_dialplan
"""

# Of several nodes, each rings its own phones for the others.
BETWEEN_NODES = ("app_dial",)

MODULES = tuple(f"{_BONES} {_SIP} {_ARI} {_MEDIA} {_WORDS}".split())
